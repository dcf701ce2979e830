// Debian packages that tests and benchmarks drive, in one place: what proves that one is there, and what is skipped
// without it. The product itself needs none of them.
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** `command` is looked up in PATH and in the sbin directories; `usedBy` is shown when it is missing. */
export const NEEDS = [
  { package: 'curl', command: 'curl', usedBy: 'e2e of HTTP' },
  { package: 'openssh-client', command: 'ssh', usedBy: 'e2e of TCP, bench road' },
  { package: 'openssh-server', command: 'sshd', usedBy: 'e2e of TCP, bench road' },
  { package: 'bind9-dnsutils', command: 'dig', usedBy: 'e2e of UDP' },
  { package: 'dnsmasq-base', command: 'dnsmasq', usedBy: 'e2e of UDP' },
  { package: 'postgresql', command: 'initdb', usedBy: 'store tests on PostgreSQL, e2e of forward' },
  { package: 'postgresql-client', command: 'psql', usedBy: 'e2e of forward' },
  { package: 'iproute2', command: 'ip', usedBy: 'e2e of cut links' },
  { package: 'util-linux', command: 'taskset', usedBy: 'bench' },
  { package: 'procps', command: 'ps', usedBy: 'bench' },
  { package: 'bsdutils', command: 'script', usedBy: 'client tests at a terminal' },
  { package: 'faketime', command: 'faketime', usedBy: 'e2e of a moved clock' },
  { package: 'slapd', command: 'slapd', usedBy: 'console tests of LDAP' },
  { package: 'chromium', command: 'chromium', usedBy: 'e2e of passkeys and of the web console' },
  { package: 'socat', command: 'socat', usedBy: 'tests of network namespaces' },
  { package: 'nftables', command: 'nft', usedBy: 'e2e of WireGuard' },
  { package: 'wireguard-go', command: 'wireguard-go', usedBy: 'e2e of WireGuard' },
  { package: 'wireguard-tools', command: 'wg', usedBy: 'e2e of WireGuard' },
  { package: 'iperf3', command: 'iperf3', usedBy: 'e2e and bench of WireGuard' },
  { package: 'iputils-ping', command: 'ping', usedBy: 'e2e and bench of WireGuard' },
  { package: 'nginx-light', command: 'nginx', usedBy: 'bench road' },
  { package: 'wrk', command: 'wrk', usedBy: 'bench road' },
];

/** Full path of a program, or null. PostgreSQL's server programs are outside PATH on Debian. */
export function findProgram(command) {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  try {
    const versions = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
    directories.push(...versions.map((version) => `/usr/lib/postgresql/${version}/bin`));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  for (const directory of directories) {
    const path = join(directory, command);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here: the next directory.
    }
  }
  return null;
}

export function missingNeeds() {
  return NEEDS.filter((need) => findProgram(need.command) === null);
}
