import type { Command } from 'commander';
import { CliError, usageError } from '../cli-error.ts';
import { EXIT } from '../exit-code.ts';
import { printAddresses } from './addresses.ts';
import {
  type CommandLine,
  type CommonOptions,
  connect,
  createCommand,
  createGroup,
  minute,
  named,
  outputOf,
  printTable,
} from './command-line.ts';
import { printSessions } from './sessions.ts';

export function meCommand(line: CommandLine): Command {
  const group = createGroup(
    'me',
    'what is yours: what lets you in, your sessions, devices, authorised addresses and second factors',
  );

  group.addCommand(
    createCommand('reach', {
      summary: 'the services and sites that let you in, and where they open',
      examples: ['me reach', 'me reach --json | jq -r ".[].urls[0]"'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const items = await listAll((await connect(line, options)).api, 'me.listReach');
      output.document(items);
      if (items.length === 0) {
        output.line('Nothing lets you in yet.');
        output.line(output.style('dim', '  Ask for access:  zeronaut requests create NAME --for 2h --reason "…"'));
        return;
      }
      const rows = items.map(({ name, kind, protocol, urls, gateways, portals, depends }) => [
        name,
        protocol ?? kind,
        urls.join(' ') || (kind === 'site' ? 'zeronaut forward HOST:PORT' : '-'),
        [
          ...(gateways === undefined ? [] : [`at ${gateways.join(', ')} alone`]),
          ...(portals?.[0] === undefined ? [] : [`authorise your address first at ${portals[0]}`]),
          ...(depends ? ['it depends, such as on the device'] : []),
        ].join('; '),
      ]);
      await printTable(output, ['NAME', 'KIND', 'WHERE', 'NOTE'], rows);
    }),
    { isDefault: true },
  );

  group.addCommand(
    createCommand('sessions', {
      summary: 'your open sessions',
      examples: ['me sessions', 'me sessions --json'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const sessions = await listAll(api, 'me.listSessions');
      output.document(sessions);
      if (sessions.length === 0) {
        output.line('No sessions; you act with a key.');
        return;
      }
      const { user } = await api.call('me.get', {});
      await printSessions(output, sessions, new Map(user === null ? [] : [[user.id, user.email]]));
      output.line(output.style('dim', '  End one:  zeronaut me end-session ID'));
    }),
  );

  group.addCommand(
    createCommand('end-session', {
      summary: 'end one of your sessions everywhere',
      examples: ['me end-session ses_01…'],
    })
      .argument('<id>', 'id of the session')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await named(id, () => api.call('me.deleteSession', { params: { id } }), 'session of yours', 'me sessions');
        output.document({ ended: id });
        output.line(`${id} has ended.`);
      }),
  );

  group.addCommand(
    createCommand('change-password', {
      summary: 'another password for yourself; your other sessions end',
      description:
        'Asks for the password that you have and for the new one, or takes them from ZERONAUT_PASSWORD and ZERONAUT_NEW_PASSWORD, or line by ' +
        'line from standard input. Only for who signed in with zeronaut login.',
      examples: ['me change-password'],
    }).action(async (options: CommonOptions) => {
      const { readAllHidden } = await import('../profile/read-hidden.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const { user, credential } = await api.call('me.get', {});
      if (user === null || credential !== 'session') {
        throw new CliError('a password is changed by the person who signed in', {
          reason: 'factor.session_needed',
          next: 'Sign in with  zeronaut login  and try again.',
          exitCode: EXIT.refused,
        });
      }
      const whose = user.email;
      const [currentPassword, newPassword] = await readAllHidden(
        [
          { what: 'password', whose, variable: 'ZERONAUT_PASSWORD' },
          { what: 'new password', whose, variable: 'ZERONAUT_NEW_PASSWORD', again: true },
        ],
        line.environment,
      );
      await api.call('me.changePassword', { body: { currentPassword: currentPassword!, newPassword: newPassword! } });
      output.document({ changed: true });
      output.line('The password is changed; wherever else you were signed in, you have to sign in again.');
    }),
  );

  group.addCommand(
    createCommand('devices', {
      summary: 'your enrolled machines',
      examples: ['me devices', 'me devices --json'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const devices = await listAll((await connect(line, options)).api, 'me.listDevices');
      output.document(devices);
      if (devices.length === 0) {
        output.line('No devices. A machine enrols by itself: zeronaut expose, forward, or devices report.');
        return;
      }
      const rows = devices.map((device) => [
        device.id,
        device.name,
        device.approvedAt === null ? 'waits for approval' : 'approved',
        device.connected ? 'connected' : device.lastSeenAt === null ? 'never' : minute(device.lastSeenAt),
      ]);
      await printTable(output, ['ID', 'NAME', 'STATE', 'LAST SEEN'], rows);
      output.line(output.style('dim', '  Lost one?  zeronaut me revoke-device ID'));
    }),
  );

  group.addCommand(
    createCommand('revoke-device', {
      summary: 'keep a machine of yours out for ever; its tunnels are cut',
      examples: ['me revoke-device dev_01…'],
    })
      .argument('<id>', 'id of the device')
      .action(async (id: string, options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        await named(id, () => api.call('me.deleteDevice', { params: { id } }), 'device of yours', 'me devices');
        output.document({ revoked: id });
        output.line(`${id} is revoked.`);
      }),
  );

  group.addCommand(
    createCommand('addresses', {
      summary: 'the addresses that you authorised for raw ports',
      examples: ['me addresses', 'me addresses --json'],
    }).action(async (options: CommonOptions) => {
      const { listAll } = await import('../api/client.ts');
      const output = outputOf(line, options);
      const { api } = await connect(line, options);
      const addresses = await listAll(api, 'me.listAddresses');
      output.document(addresses);
      if (addresses.length > 0) {
        await printAddresses(output, addresses, null);
        output.line(output.style('dim', '  End one:  zeronaut me end-address ID, or all of them with --all'));
        return;
      }
      output.line('No authorised addresses.');
      const { gateways } = await api.call('endpoints.list', {});
      for (const { portalUrl } of gateways) {
        if (portalUrl !== undefined)
          output.line(output.style('dim', `  Authorise the one you come from:  ${portalUrl}`));
      }
    }),
  );

  group.addCommand(
    createCommand('end-address', {
      summary: 'close a port again that you opened for an address; open connections are cut',
      examples: ['me end-address grt_01…', 'me end-address --all'],
    })
      .argument('[id]', 'id of the authorised address')
      .option('--all', 'all of yours')
      .action(async (id: string | undefined, options: CommonOptions & { readonly all?: boolean }) => {
        if ((id === undefined) === (options.all !== true)) throw usageError('give an id, or --all');
        const output = outputOf(line, options);
        const { api } = await connect(line, options);
        if (id === undefined) {
          const { ended } = await api.call('me.deleteAddresses', {});
          output.document({ ended });
          output.line(`${ended} ${ended === 1 ? 'has' : 'have'} ended.`);
          return;
        }
        const end = () => api.call('me.deleteAddress', { params: { id } });
        await named(id, end, 'authorised address of yours', 'me addresses');
        output.document({ ended: id });
        output.line(`${id} has ended.`);
      }),
  );

  group.addCommand(
    createCommand('factors', { summary: 'your second factors', examples: ['me factors', 'me factors --json'] }).action(
      async (options: CommonOptions) => {
        const output = outputOf(line, options);
        const { api, consoleUrl } = await connect(line, options);
        const factors = await api.call('factors.list', {});
        output.document(factors);
        const rows = factors.items.map(({ id, kind, name, site, lastUsedAt }) => [
          id,
          kind,
          name,
          site ?? 'everywhere',
          lastUsedAt === null ? 'never' : minute(lastUsedAt),
        ]);
        if (rows.length > 0) await printTable(output, ['ID', 'KIND', 'NAME', 'WORKS ON', 'LAST USED'], rows);
        else output.line('No second factor.');
        output.line(output.style('dim', `  Set one up in a browser:  ${consoleUrl}/account`));
      },
    ),
  );
  return group;
}
