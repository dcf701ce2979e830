import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createTestAuthority, temporaryDirectory } from '@zeronaut/testkit';
import { Client } from 'ldapts';

const PROGRAM = '/usr/sbin/slapd';
export const SLAPD_MISSING = existsSync(PROGRAM) ? false : 'slapd is not installed';
const SUFFIX = 'dc=corp,dc=example';

export interface Slapd {
  readonly ldapUrl: string;
  readonly ldapsUrl: string;
  /** PEM of the authority of its certificate, which is for `localhost`. */
  readonly certificateAuthority: string;
  readonly adminDn: string;
  readonly adminPassword: string;
  /** As the administrator. */
  readonly admin: Client;
}

/** Debian's OpenLDAP on loopback with the memberof and ppolicy overlays, and a small company in it. */
export async function startSlapd(t: TestContext): Promise<Slapd> {
  const directory = temporaryDirectory(t);
  const authority = await createTestAuthority();
  const { cert, key } = await authority.server(['localhost']);
  const file = (name: string, text: string) => {
    writeFileSync(`${directory}/${name}`, text, { mode: 0o600 });
    return `${directory}/${name}`;
  };
  mkdirSync(`${directory}/db`);
  const configuration = file(
    'slapd.conf',
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${directory}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
TLSCACertificateFile ${file('ca.pem', authority.certificate)}
TLSCertificateFile ${file('cert.pem', cert)}
TLSCertificateKeyFile ${file('key.pem', key)}
database mdb
maxsize 16777216
suffix "${SUFFIX}"
rootdn "cn=admin,${SUFFIX}"
rootpw admin-secret
directory ${directory}/db
access to attrs=userPassword by anonymous auth by * none
access to * by * read
overlay memberof
memberof-refint true
overlay ppolicy
ppolicy_default "cn=default,ou=policies,${SUFFIX}"
ppolicy_use_lockout
`,
  );
  const [plain, secure] = [await freePort(), await freePort()];
  const ldapUrl = `ldap://localhost:${plain}`;
  const ldapsUrl = `ldaps://localhost:${secure}`;
  const child = spawn(
    PROGRAM,
    ['-d', '0', '-h', `ldap://127.0.0.1:${plain} ldaps://127.0.0.1:${secure}`, '-f', configuration],
    {
      stdio: 'ignore',
    },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const admin = new Client({ url: `ldap://127.0.0.1:${plain}` });
  t.after(async () => {
    await admin.unbind();
    child.kill();
    await exited;
  });
  const adminDn = `cn=admin,${SUFFIX}`;
  for (let i = 0; ; i++) {
    try {
      await admin.bind(adminDn, 'admin-secret');
      break;
    } catch (error) {
      if (i === 200 || child.exitCode !== null) throw error;
      await delay(25);
    }
  }
  await fill(admin);
  return {
    ldapUrl,
    ldapsUrl,
    certificateAuthority: authority.certificate,
    adminDn,
    adminPassword: 'admin-secret',
    admin,
  };
}

async function fill(admin: Client): Promise<void> {
  const unit = (name: string) => admin.add(`ou=${name},${SUFFIX}`, { objectClass: 'organizationalUnit', ou: name });
  await admin.add(SUFFIX, { objectClass: ['dcObject', 'organization'], dc: 'corp', o: 'Corp' });
  for (const name of ['people', 'groups', 'policies']) await unit(name);
  await admin.add(`cn=default,ou=policies,${SUFFIX}`, {
    objectClass: ['person', 'pwdPolicy'],
    cn: 'default',
    sn: 'default',
    pwdAttribute: 'userPassword',
    pwdLockout: 'TRUE',
    pwdMaxFailure: '3',
    pwdMustChange: 'TRUE',
  });
  const person = (uid: string, cn: string, more: Record<string, string> = {}) =>
    admin.add(`uid=${uid},ou=people,${SUFFIX}`, {
      objectClass: 'inetOrgPerson',
      uid,
      cn,
      sn: cn,
      mail: `${uid}@corp.example`,
      userPassword: `${uid}-password`,
      ...more,
    });
  await person('ann', 'Ann Example');
  await person('bob', 'Bob Example');
  await person('twin1', 'Twin', { mail: 'twin@corp.example' });
  await person('twin2', 'Twin', { mail: 'twin@corp.example' });
  const group = (name: string, ...members: string[]) =>
    admin.add(`cn=${name},ou=groups,${SUFFIX}`, {
      objectClass: 'groupOfNames',
      cn: name,
      member: members.map((member) => `${member},${SUFFIX}`),
    });
  await group('backend', 'uid=ann,ou=people');
  await group('engineering', 'cn=backend,ou=groups');
  // A circle: engineering is in staff, and staff in engineering.
  await group('staff', 'cn=engineering,ou=groups', 'uid=bob,ou=people');
  const { Attribute, Change } = await import('ldapts');
  await admin.modify(
    `cn=engineering,ou=groups,${SUFFIX}`,
    new Change({
      operation: 'add',
      modification: new Attribute({ type: 'member', values: [`cn=staff,ou=groups,${SUFFIX}`] }),
    }),
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
