"""What an unmodified BasicSR 1.4.2 needs before it can be imported beside a current torchvision."""
