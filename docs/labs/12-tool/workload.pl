#!/usr/bin/perl
# Opens 5 files that are there and 4 that are not.
use strict;
use warnings;
use Fcntl;

my ($opened, $missing) = (0, 0);
for my $i (1 .. 5) {
    sysopen my $file, "here-$i", O_RDWR | O_CREAT or die;
    $opened++;
    unlink "here-$i";
}
for my $i (1 .. 4) {
    $missing++ unless sysopen my $file, "missing-$i", O_RDONLY;
}

open my $facts, '>', $ENV{COURSE_FACTS} or die;
print $facts "pid=$$\nopened=$opened\nmissing=$missing\n", "all=" . ($opened + $missing) . "\n";
close $facts or die;
