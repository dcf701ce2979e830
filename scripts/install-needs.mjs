// Installs the Debian packages that tests drive (scripts/needs.mjs) when run as root; otherwise says which command does
// it and what is skipped meanwhile. It never fails a test run by itself, and it starts no service.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { findProgram, missingNeeds } from './needs.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

/** True when everything is there afterwards. */
export function installNeeds() {
  const missing = missingNeeds();
  if (missing.length === 0) return true;
  const packages = missing.map((need) => need.package);
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || findProgram('apt-get') === null) {
    return report(missing, `Run as root on Debian or Ubuntu:  apt-get update && ${command}`);
  }
  process.stderr.write(`Installing Debian packages for the tests: ${packages.join(' ')}\n`);
  // The packages of servers start them on installation unless this policy refuses.
  const ownPolicy = !existsSync(POLICY);
  if (ownPolicy) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n');
    chmodSync(POLICY, 0o755);
  }
  try {
    const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    const update = spawnSync('apt-get', ['update', '-qq'], options);
    if (update.status === 0) spawnSync('sh', ['-c', command.replace('-y', '-y -qq')], options);
  } finally {
    if (ownPolicy) rmSync(POLICY, { force: true });
  }
  const still = missingNeeds();
  return still.length === 0 || report(still, `This did not work:  ${command}`);
}

function report(missing, advice) {
  process.stderr.write(`Not installed, so these are skipped:\n`);
  for (const need of missing) process.stderr.write(`  ${need.command} (${need.package}): ${need.usedBy}\n`);
  process.stderr.write(`${advice}\n`);
  return false;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = installNeeds() ? 0 : 1;
