import type { Device } from '@zeronaut/model';
import { type Command, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  parseList,
  printTable,
} from './command-line.ts';
import { placeCommand } from './place.ts';
import { emailsOf } from './users.ts';

interface PolicyOptions extends CommonOptions {
  readonly approval?: 'automatic' | 'by_person';
  readonly process?: string[];
  readonly file?: string[];
  readonly nothing?: boolean;
}

export function devicesCommand(line: CommandLine): Command {
  const group = createGroup('devices', 'enrolled machines: approval, posture, revocation');

  group.addCommand(
    createCommand('list', { summary: 'list devices', examples: ['devices list', 'devices list --json'] }).action(
      async (options: CommonOptions) => {
        const { listAll } = await import('../api/client.ts');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const devices = await listAll(api, 'devices.list');
        const owners = await emailsOf(api);
        output.document(devices.map((device) => ({ ...device, ownerEmail: owners.get(device.userId) ?? null })));
        if (devices.length === 0) {
          output.line(
            'No devices. A machine enrols by itself: zeronaut expose, forward, agent run, or devices report.',
          );
          return;
        }
        const rows = devices.map((device) => {
          const facts = device.posture?.facts;
          return [
            device.id,
            device.name,
            owners.get(device.userId) ?? device.userId,
            stateOf(device),
            facts === undefined ? '-' : `${facts.os || facts.platform} ${facts.osVersion}`.trim(),
            facts?.diskEncryption ?? '-',
            facts?.firewall ?? '-',
            facts?.screenLock ?? '-',
            device.posture ? minute(device.posture.collectedAt) : 'never',
            device.connected ? 'connected' : device.lastSeenAt === null ? 'never' : minute(device.lastSeenAt),
          ];
        });
        const headings = [
          'ID',
          'NAME',
          'OWNER',
          'STATE',
          'SYSTEM',
          'DISK ENCRYPTION',
          'FIREWALL',
          'SCREEN LOCK',
          'REPORTED',
          'LAST SEEN',
        ];
        await printTable(output, headings, rows);
        const waiting = devices.find((device) => device.revokedAt === null && device.approvedAt === null);
        if (waiting !== undefined) {
          output.line(output.style('dim', `  Let one in:  zeronaut devices approve ${waiting.id}`));
        }
      },
    ),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('show', {
      summary: 'one device with its tunnels, and what listens on its machine',
      examples: ['devices show dev_01…', 'devices show dev_01… --json'],
    })
      .argument('<id>', 'id of the device')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const call = <T>(run: () => Promise<T>) => named(id, run, 'device', 'devices list');
        const device = await call(() => api.call('devices.get', { params: { id } }));
        const tunnels = await call(() => api.call('devices.listTunnels', { params: { id } }));
        const discovered = await call(() => api.call('devices.listDiscovered', { params: { id } }));
        const owner = output.json ? null : ((await emailsOf(api)).get(device.userId) ?? device.userId);
        output.document({ ...device, tunnels, discovered });
        output.line(output.style('bold', `${device.name}  (${device.id}), ${stateOf(device)}`));
        output.line(`  owner     ${owner}`);
        output.line(`  key       ${device.keyFingerprint}`);
        for (const { name, tunnels: open } of tunnels.gateways) {
          if (open === null) output.line(`  tunnel    to ${name}, which does not tell more`);
          for (const { address, openedAt, streams } of open ?? []) {
            output.line(`  tunnel    to ${name} from ${address} since ${minute(openedAt)} UTC, ${streams} streams`);
          }
        }
        for (const { address, process, guess } of discovered.services) {
          output.line(`  listens   ${address}  ${process ?? '?'} (${guess})`);
        }
        if (device.approvedAt === null && device.revokedAt === null) {
          output.line(output.style('dim', `  Let it in:  zeronaut devices approve ${device.id}`));
        }
      }),
  );

  group.addCommand(
    createCommand('approve', {
      summary: 'let a device in that waits for a person',
      description: 'Compare the key fingerprint (zeronaut devices show-key on that machine) before you approve.',
      examples: ['devices approve dev_01…'],
    })
      .argument('<id>', 'id of the device')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const device = await named(id, () => api.call('devices.approve', { params: { id } }), 'device', 'devices list');
        output.document(device);
        output.line(`${device.name} (${device.id}) is approved.`);
        output.line(output.style('dim', `  Key  ${device.keyFingerprint}`));
      }),
  );

  group.addCommand(
    placeCommand(line, {
      noun: 'device',
      examples: ['devices place dev_01… "Bern, cellar" --at 46.95,7.45', 'devices place dev_01… --nowhere'],
      find: (api, id) => named(id, () => api.call('devices.get', { params: { id } }), 'device', 'devices list'),
      set: (api, id, place) => api.call('devices.setPlace', { params: { id }, body: { place } }),
    }),
  );

  group.addCommand(
    createCommand('revoke', {
      summary: 'keep a device out for ever; its tunnels are cut',
      examples: ['devices revoke dev_01… --dry-run', 'devices revoke dev_01…'],
    })
      .argument('<id>', 'id of the device')
      .option('--dry-run', 'only say what would end')
      .action(async (id: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (options.dryRun === true) {
          const { printRemoval } = await import('../output/removal.ts');
          const removal = await named(
            id,
            () => api.call('devices.previewRemoval', { params: { id } }),
            'device',
            'devices list',
          );
          output.document({ dryRun: true, ...removal });
          output.line(`Revoking ${id} would end:`);
          printRemoval(output, removal);
          return;
        }
        await named(id, () => api.call('devices.delete', { params: { id } }), 'device', 'devices list');
        output.document({ revoked: id });
        output.line(`${id} is revoked.`);
      }),
  );

  group.addCommand(
    createCommand('report', {
      summary: 'enrol this machine if need be, and tell the console its posture now',
      description:
        'Looks at system, disk encryption, firewall, screen lock and what the policy names, signs it with the key of this ' +
        'device and sends it. Agents do so by themselves every hour.',
      examples: ['devices report', 'devices report --json'],
    }).action(async (options: CommonOptions) => {
      const { deviceRevoked, ensureDevice, isDeviceGone, keyFingerprint, ownDeviceState } = await import(
        '../profile/device.ts'
      );
      const { reportPosture } = await import('../posture/report-posture.ts');
      const output = outputOf(line, options);
      const connection = await connect(line, options);
      const device = await ensureDevice(connection);
      const facts = await reportPosture(connection, device).catch((error: unknown) => {
        throw isDeviceGone(error) ? deviceRevoked() : error;
      });
      const state = await ownDeviceState(connection, device.deviceId);
      output.document({ deviceId: device.deviceId, state, facts });
      output.line(`${device.name} (${device.deviceId})${state === null ? '' : `: ${STATES[state]}`}`);
      for (const [name, value] of Object.entries(facts)) {
        output.line(`  ${name.padEnd(15)} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
      }
      if (state === 'pending') {
        output.line('It reaches nothing before an administrator approves it:');
        output.line(`  zeronaut devices approve ${device.deviceId}`);
        output.line(output.style('dim', `  after comparing the key:  ${keyFingerprint(device)}`));
      }
    }),
  );

  group.addCommand(
    createCommand('show-key', {
      summary: 'the id and key fingerprint of this machine, to compare before approval',
      examples: ['devices show-key'],
    }).action(async (options: CommonOptions) => {
      const { loadDevice, keyFingerprint } = await import('../profile/device.ts');
      const output = outputOf(line, options);
      const device = loadDevice(await connect(line, options));
      if (device === null) {
        throw new CliError('this machine is not enrolled', {
          reason: 'access.device_unknown',
          next: 'Run zeronaut devices report, or expose something.',
          exitCode: EXIT.notFound,
        });
      }
      const key = keyFingerprint(device);
      output.document({ deviceId: device.deviceId, keyFingerprint: key });
      output.line(`${device.deviceId}  ${key}`);
    }),
  );

  group.addCommand(
    createCommand('policy', {
      summary: 'show or change how devices are approved, and what they are asked',
      examples: [
        'devices policy',
        'devices policy --approval by_person',
        'devices policy --process clamd --file /etc/corp-managed',
        'devices policy --nothing --json',
      ],
    })
      .addOption(new Option('--approval <how>', 'of new devices').choices(['automatic', 'by_person']))
      .option('--process <names>', 'they say whether these run', parseList)
      .option('--file <paths>', 'they say whether these exist', parseList)
      .addOption(new Option('--nothing', 'ask for no process and no file').conflicts(['process', 'file']))
      .action(async (options: PolicyOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        const { version, ...current } = await api.call('devicePolicy.get', {});
        const change = {
          ...(options.approval === undefined ? {} : { approval: options.approval }),
          ...(options.nothing ? { processes: [], files: [] } : {}),
          ...(options.process === undefined ? {} : { processes: options.process }),
          ...(options.file === undefined ? {} : { files: options.file }),
        };
        const policy =
          Object.keys(change).length === 0
            ? { ...current, version }
            : await api.call('devicePolicy.update', { body: { ...current, ...change } }, { ifMatch: `"${version}"` });
        output.document(policy);
        output.line(`Approval   ${policy.approval === 'automatic' ? 'automatic' : 'by a person'}`);
        output.line(`Processes  ${policy.processes.join(' ') || '-'}`);
        output.line(`Files      ${policy.files.join(' ') || '-'}`);
      }),
  );
  return group;
}

/** What people call the states of a device. */
const STATES = { approved: 'approved', pending: 'waits for approval', revoked: 'revoked' } as const;

function stateOf(device: Device): string {
  if (device.revokedAt !== null) return STATES.revoked;
  return device.approvedAt === null ? STATES.pending : STATES.approved;
}
