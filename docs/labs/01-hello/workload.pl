#!/usr/bin/perl
# Makes 10 directories, and removes 4 of them.
use strict;
use warnings;

my ($made, $removed) = (0, 0);
for my $i (1 .. 10) {
    $made++ if mkdir "box-$i";
}
for my $i (1 .. 4) {
    $removed++ if rmdir "box-$i";
}

open my $facts, '>', $ENV{COURSE_FACTS} or die;
print $facts "pid=$$\nmade=$made\nremoved=$removed\n";
close $facts or die;
