#!/usr/bin/perl
# Starts `true` six times: four times by its own path, twice by a path of more
# than 500 bytes. A link in this directory makes that path.
use strict;
use warnings;
use Cwd;

my $long = getcwd();
for my $i (1 .. 3) {
    $long .= '/' . ('deep' x 40);
    mkdir $long or die;
}
my ($true) = grep { -x } qw(/usr/bin/true /bin/true);
symlink $true, "$long/program" or die;

my ($started, $long_started) = (0, 0);
for my $file (($true) x 4, ("$long/program") x 2) {
    my $pid = fork // die;
    if (!$pid) {
        exec { $file } $file;
        exit 1;
    }
    waitpid $pid, 0;
    next if $?;
    $started++;
    $long_started++ if $file ne $true;
}

open my $facts, '>', $ENV{COURSE_FACTS} or die;
print $facts "file=$true\nlong=$long/program\nstarted=$started\nlong_started=$long_started\n";
print $facts 'long_bytes=' . length("$long/program") . "\n";
close $facts or die;
