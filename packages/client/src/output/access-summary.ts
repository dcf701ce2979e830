import type { Resource } from '@zeronaut/model';

/** Who may come in, one sentence per door, so that nobody has to read a rule to know what is open. */
export function accessSummary(resource: Pick<Resource, 'protocol' | 'access'>): string[] {
  const { access, protocol } = resource;
  if (access.mode === 'public') return ['PUBLIC: anybody may use it, no login'];
  const listed = access.allow.length === 0 ? 'every active user of the organization' : access.allow.join(', ');
  const who = access.mode === 'policy' ? 'whom a policy permits, or an approved request' : listed;
  const doors = [
    protocol === 'http'
      ? `login required: ${who}`
      : `only from addresses that a signed-in user authorised on the portal: ${who}`,
  ];
  if (access.addresses.length > 0) doors.push(`without login from ${access.addresses.join(', ')}`);
  if (access.basic.length > 0) {
    doors.push(`with a password of its own as ${access.basic.map(({ username }) => username).join(', ')}`);
  }
  if (access.tokens !== null) doors.push(`with a bearer token for ${access.tokens.audience}`);
  return doors;
}
