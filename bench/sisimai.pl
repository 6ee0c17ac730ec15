#!/usr/bin/env perl
# The peer of `bin/bench bounce`: Sisimai in one warm process, over mails read into memory before.
#
# Usage: perl sisimai.pl LIST        LIST names one file a line
# First line printed: `ready VERSION`. Then, for each line that comes in: `SECONDS CPU_SECONDS RECORDS` of one round.
use strict;
use warnings;
use Time::HiRes qw(time clock);
use Sisimai;

$| = 1;
my ($list) = @ARGV or die "which files?\n";
open(my $names, '<', $list) or die "$list: $!\n";
my @mails = map { chomp; slurp($_) } <$names>;
close $names;

printf "ready %s\n", Sisimai->version;
while( defined(<STDIN>) ) {
    my ($records, $begun, $cpu) = (0, time, clock);
    for my $mail ( @mails ) {
        # A copy: Sisimai may change what it is given.
        my $copy = $mail;
        my $found = eval { Sisimai->make(\$copy, 'delivered' => 1) };
        $records += scalar @$found if $found;
    }
    printf "%.6f %.6f %d\n", time - $begun, clock() - $cpu, $records;
}

sub slurp {
    my ($name) = @_;
    open(my $file, '<:raw', $name) or die "$name: $!\n";
    local $/ = undef;
    my $bytes = <$file>;
    close $file;
    return $bytes;
}
