#!/usr/bin/perl
# Calls getpgid() three times.
use strict;
use warnings;

syscall 121, $$ for 1 .. 3;
