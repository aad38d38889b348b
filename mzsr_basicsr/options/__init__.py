"""Strict records of the sections of an option file."""
