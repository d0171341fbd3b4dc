#!/usr/bin/perl
# Enters a directory 6 times by chdir(), and 3 times one that is not there.
use strict;
use warnings;

mkdir 'here' or die;
my ($entered, $failed) = (0, 0);
for (1 .. 3) {
    for my $path ('here', '..', 'nowhere') {
        if (chdir $path) { $entered++ } else { $failed++ }
    }
}

open my $facts, '>', $ENV{COURSE_FACTS} or die;
print $facts "pid=$$\nentered_all=$entered\nfailed_all=$failed\n";
print $facts 'calls=' . ($entered + $failed) . "\n";
close $facts or die;
