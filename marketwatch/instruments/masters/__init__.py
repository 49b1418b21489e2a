"""Instrument masters: lists of a venue's or vendor's instruments, read, kept and compared."""
