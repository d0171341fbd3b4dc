#!/usr/bin/perl
# Three programs at once, each with something wrong. What it is has another name
# or number each time.
use strict;
use warnings;
use File::Temp;

my $place = File::Temp->newdir;         # it goes when this ends
chdir $place or die;

my $tag = sprintf '%04x', int rand 65536;
my $missing = "settings-$tag";          # what the mailer looks for
my $tiny = 1500 + int rand 1000;        # bytes of what the report reads one by one
my $thief = "tidy-$tag";                # who removes the notes
my $victim = "note-$tag";

sub program {
    my ($name, $what) = @_;
    my $pid = fork // die;
    return $pid if $pid;
    $0 = $name;
    $what->();
    exit 0;
}

sub make {
    my ($name, $text) = @_;
    open my $file, '>', $name or die;
    print $file $text;
    close $file or die;
}

make($victim, "do not lose this\n");
make('table', 'x' x $tiny);
make('logo', 'x' x 40960);

# It looks for its settings in five places, and they are in none of them.
my $mailer = program(mailer => sub {
    for my $place (qw(. .. /etc /usr/etc /opt)) {
        open my $file, '<', "$place/$missing";
    }
    open my $file, '<', $_ for qw(logo table);
});

# It reads one file in pieces of 4096 bytes and another byte by byte.
my $report = program(report => sub {
    open my $logo, '<', 'logo' or die;
    1 while sysread $logo, my $piece, 4096;
    open my $table, '<', 'table' or die;
    for (1 .. $tiny) { sysread $table, my $byte, 1 }
});

# It removes what it has made, and what is not its own.
my $tidy = program($thief => sub {
    make('draft', 'x');
    unlink 'draft', $victim;
});

waitpid $_, 0 for $mailer, $report, $tidy;

chdir '/';
exit unless $ENV{COURSE_FACTS};
open my $facts, '>', $ENV{COURSE_FACTS} or die;
print $facts "missing=$missing\ntiny=$tiny\nthief=$thief\nvictim=$victim\n";
close $facts or die;
