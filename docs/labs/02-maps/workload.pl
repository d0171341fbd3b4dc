#!/usr/bin/perl
# Three children make 3, 5 and 7 directories.
use strict;
use warnings;

my (@pids, @made);
for my $number (3, 5, 7) {
    pipe my $from, my $to or die;
    my $pid = fork // die;
    if (!$pid) {
        my $made = 0;
        for my $i (1 .. $number) {
            $made++ if mkdir "box-$number-$i";
        }
        print $to $made;
        close $to;
        exit;
    }
    close $to;
    push @pids, $pid;
    push @made, <$from>;
    waitpid $pid, 0;
}

open my $facts, '>', $ENV{COURSE_FACTS} or die;
print $facts "parent=$$\n";
print $facts "pid_" . ($_ + 1) . "=$pids[$_]\nmade_" . ($_ + 1) . "=$made[$_]\n" for 0 .. 2;
print $facts "all=" . ($made[0] + $made[1] + $made[2]) . "\n";
close $facts or die;
