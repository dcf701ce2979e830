#!/usr/bin/perl
# COUNT downloads of one URL path that are hardly read: each connection has a small receive buffer, as a slow or distant
# client has, and reads a little now and then. Perl, because Node cannot make a receive buffer small, and because every
# Debian has it. Prints "open" when all have got their first bytes, and at the end of stdin reads everything out and prints
# how many downloads were complete. Usage: slow-readers.pl PORT HOST PATH COUNT
use strict;
use warnings;
use IO::Select;
use Socket;

my ($port, $host, $path, $count) = @ARGV;
my (%bytes, %expected, @sockets);
$| = 1;

for my $index (1 .. $count) {
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!";
  setsockopt($socket, SOL_SOCKET, SO_RCVBUF, 8192) or die "setsockopt: $!";
  connect($socket, sockaddr_in($port, INADDR_LOOPBACK)) or die "connect: $!";
  syswrite($socket, "GET $path&n=$index HTTP/1.1\r\nHost: $host\r\nConnection: close\r\n\r\n");
  push @sockets, $socket;
}
my $select = IO::Select->new(@sockets);
my %started;
while (keys %started < $count) {
  for my $socket ($select->can_read) {
    next if $started{$socket};
    take($socket, 1024) or die "a download was closed before it began\n";
    $started{$socket} = 1;
    $select->remove($socket);
  }
}
print "open\n";

# A kilobyte a second for each, until told to finish.
my $input = IO::Select->new(\*STDIN);
until ($input->can_read(1)) {
  take($_, 1024) for @sockets;
}

my $complete = 0;
$select = IO::Select->new(@sockets);
while (my @ready = $select->can_read(30)) {
  for my $socket (@ready) {
    next if take($socket, 65536);
    $complete++ if defined $expected{$socket} && $bytes{$socket} == $expected{$socket};
    $select->remove($socket);
    close $socket;
  }
}
print "complete $complete\n";

# Reads up to so many bytes; false at the end.
sub take {
  my ($socket, $most) = @_;
  my $got = sysread($socket, my $data, $most);
  return 0 unless $got;
  $bytes{$socket} += $got;
  if (!defined $expected{$socket}) {
    die "no success: " . substr($data, 0, 60) unless $data =~ /^HTTP\/1\.1 200 /;
    my ($length) = $data =~ /\r\ncontent-length: (\d+)\r\n/i;
    $expected{$socket} = $length + index($data, "\r\n\r\n") + 4;
  }
  return 1;
}
