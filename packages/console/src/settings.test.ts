import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveSettings, SettingsError } from './settings.ts';

test('options win over the environment, and the environment over the defaults', () => {
  const env = { ZERONAUT_HOME: '/home/z', ZERONAUT_CONSOLE_PORT: '9000', ZERONAUT_CONSOLE_HOST: '0.0.0.0' };
  const settings = resolveSettings({ port: 9001, publicUrl: 'https://console.example.com/' }, env);
  assert.equal(settings.port, 9001);
  assert.equal(settings.host, '0.0.0.0');
  assert.equal(settings.syncHost, '0.0.0.0', 'sync listens where the API does');
  assert.equal(settings.publicUrl, 'https://console.example.com');
  assert.equal(settings.databaseUrl, 'sqlite:/home/z/console/zeronaut.db');
  const defaults = resolveSettings({}, {});
  assert.deepEqual(
    [defaults.host, defaults.port, defaults.syncHost, defaults.syncPort],
    ['127.0.0.1', 8080, '127.0.0.1', 8081],
  );
  assert.deepEqual(defaults.trustedProxies, []);
});

test('a mistake in the settings is told in words', () => {
  const mistakes: [Record<string, string>, RegExp][] = [
    [{ ZERONAUT_CONSOLE_PUBLIC_URL: 'ftp://x' }, /the public URL must begin with https/],
    [{ ZERONAUT_CONSOLE_SYNC_ADDRESS: 'nowhere' }, /the sync address must be host:port/],
    [{ ZERONAUT_CONSOLE_PORT: '70000' }, /ZERONAUT_CONSOLE_PORT must be a port/],
    [{ ZERONAUT_CONSOLE_OUTBOUND_ALLOW: '10.0.0.0/8,corp' }, /outbound networks must be like/],
    [{ ZERONAUT_CONSOLE_DNS_SERVERS: 'dns.corp' }, /a DNS server must be an address/],
    [{ ZERONAUT_CONSOLE_SYNC_PORT: 'x' }, /ZERONAUT_CONSOLE_SYNC_PORT must be a port/],
  ];
  for (const [env, message] of mistakes) {
    assert.throws(
      () => resolveSettings({}, env),
      (error) => error instanceof SettingsError && message.test(error.message),
    );
  }
});
