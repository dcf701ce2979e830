import type { AccessEvent, AccessQuestionInput } from '@zeronaut/model';

/** As policies tell reading from writing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const MAX_PATH = 200;

/** Whether the rules can be asked anew by themselves: somebody who is known was kept out of something that is known, by a rule. */
export function isAskable({ effect, subject, resourceId, reason }: AccessEvent): boolean {
  return effect !== 'pass' && subject.startsWith('usr_') && resourceId !== null && reason.startsWith('access.');
}

/** What the simulator is asked: the same access, as far as the event says it. */
export function searchOf(event: AccessEvent) {
  const { protocol, method, subject, resourceId, host, country, path } = event;
  const isHttp = protocol === 'http';
  return {
    object: resourceId ?? host,
    action: actionOf(event),
    address: event.sourceAddress,
    at: event.at,
    gateway: event.gatewayId,
    ...(subject.startsWith('usr_') && { user: subject }),
    ...(country !== undefined && { country }),
    ...(protocol === 'forward' && event.credentialId.startsWith('dev_') && { device: event.credentialId }),
    // What the address takes no more of is left out there.
    ...(isHttp && { method, path: path.slice(0, MAX_PATH) }),
  };
}

/** The same question to the API, as of now: approvals that came since count, and so does what changed of the rule. */
export function bodyOf(event: AccessEvent): AccessQuestionInput {
  const { user = null, action, object, at: _then, device, ...circumstances } = searchOf(event);
  return {
    user,
    action,
    object,
    circumstances: { ...circumstances, ...(device !== undefined && { deviceId: device }) },
  };
}

function actionOf({ protocol, method }: AccessEvent): AccessQuestionInput['action'] {
  if (protocol === 'http') return SAFE_METHODS.has(method) ? 'read' : 'write';
  return protocol === 'forward' ? 'forward' : 'connect';
}
