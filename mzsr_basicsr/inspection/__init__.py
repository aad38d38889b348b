"""`mzsr inspect`: what adaptation did to one image, update by update; the record, its pictures and its page."""
