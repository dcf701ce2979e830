/**
 * Every expected "no" (and every "yes") by its stable name, `room.what`. The same string appears in log, metric,
 * audit row, API problem and page. `status` is the HTTP status it becomes where there is one; `next` tells the
 * person what to do.
 */
export const REASONS = {
  // access: may this caller use this resource
  'access.public': { status: 200, title: 'The resource is public', next: '' },
  'access.session': { status: 200, title: 'A signed-in user is allowed', next: '' },
  'access.address': { status: 200, title: 'The source address is allowed by the resource', next: '' },
  'access.address_authorised': { status: 200, title: 'A signed-in user authorised the source address', next: '' },
  'access.basic': { status: 200, title: 'A valid user name and password of the resource', next: '' },
  'access.share': { status: 200, title: 'A valid share link', next: '' },
  'access.token': { status: 200, title: 'A valid bearer token', next: '' },
  'access.personal_access_token': { status: 200, title: 'A personal access token of an allowed user', next: '' },
  'access.portal': { status: 200, title: "The gateway's own page", next: '' },
  'access.device': { status: 200, title: 'An enrolled device of an allowed user', next: '' },
  'policy.invalid': {
    status: 422,
    title: 'The policy is wrong or can never match',
    next: 'Mend it where the errors say.',
  },
  'policy.assertion_failed': {
    status: 409,
    title: 'An assertion would no longer hold',
    next: 'Change the policy, or the assertion if it is out of date.',
  },
  'request.own': { status: 403, title: 'Nobody decides their own request', next: 'Ask another approver.' },
  'request.not_approver': {
    status: 403,
    title: 'You are not an approver of this',
    next: 'Ask one of the approvers that the request names.',
  },
  'request.closed': { status: 409, title: 'The request is not open any more', next: 'Make a new one.' },
  'request.too_many': {
    status: 409,
    title: 'Too many requests are open',
    next: 'Cancel some of them, or wait until they are decided.',
  },
  'access.policy': { status: 200, title: 'A policy permits it', next: '' },
  'access.granted': { status: 200, title: 'An approved access request', next: '' },
  'access.policy_forbids': {
    status: 403,
    title: 'A policy forbids this',
    next: 'An access request does not lift it. Whoever keeps the policies finds out why by the request id.',
  },
  'access.approval_required': {
    status: 403,
    title: 'A policy forbids this without an approved request',
    next: 'Ask for access: zeronaut requests create NAME.',
  },
  'access.segments_apart': {
    status: 403,
    title: 'This device is in another segment than the site',
    next: 'Ask for access: zeronaut requests create NAME; or use a device of that segment.',
  },
  'access.step_up_required': {
    status: 401,
    title: 'A stronger or fresher sign-in is required',
    next: 'Sign in again with your second factor.',
  },
  'access.no_rule': {
    status: 403,
    title: 'No rule allows this',
    next: 'Ask for access: zeronaut requests create NAME.',
  },
  'access.session_missing': { status: 401, title: 'Sign-in is required', next: 'Sign in and try again.' },
  'access.session_expired': { status: 401, title: 'The session has expired', next: 'Sign in again.' },
  'access.session_revoked': { status: 401, title: 'The session was revoked', next: 'Sign in again.' },
  'access.session_invalid': { status: 401, title: 'The session token is not valid', next: 'Sign in again.' },
  'access.user_disabled': { status: 403, title: 'The user is disabled', next: 'Ask an administrator.' },
  'access.not_allowed': {
    status: 403,
    title: 'This user may not use this resource',
    next: 'Ask for access: zeronaut requests create NAME.',
  },
  'access.basic_invalid': { status: 401, title: 'Wrong user name or password', next: 'Check the credentials.' },
  'access.share_invalid': { status: 401, title: 'The share link is not valid', next: 'Ask for a new link.' },
  'access.share_expired': { status: 401, title: 'The share link has expired', next: 'Ask for a new link.' },
  'access.token_invalid': { status: 401, title: 'The bearer token is not valid', next: 'Get a new token.' },
  'access.personal_access_token_invalid': {
    status: 401,
    title: 'The personal access token is not valid',
    next: 'It was revoked or mistyped: make a new one with zeronaut tokens create.',
  },
  'access.personal_access_token_expired': {
    status: 401,
    title: 'The personal access token has expired',
    next: 'Make a new one with zeronaut tokens create.',
  },
  'access.personal_access_token_elsewhere': {
    status: 403,
    title: 'The personal access token is for other resources',
    next: 'Make one for this resource with zeronaut tokens create.',
  },
  'access.address_unknown': {
    status: 403,
    title: 'The source address is not authorised for this port',
    next: 'Sign in on the portal and authorise your address.',
  },
  'access.too_many_grants': {
    status: 409,
    title: 'Too many addresses are authorised',
    next: 'Revoke one that you no longer need.',
  },
  'access.rate_limited': { status: 429, title: 'Too many attempts', next: 'Wait a minute and try again.' },
  'access.state_invalid': {
    status: 400,
    title: 'The sign-in was not started here or took too long',
    next: 'Open the page again.',
  },
  'access.csrf': { status: 403, title: 'The form was not sent from our own page', next: 'Open the page again.' },
  'access.device_unknown': { status: 403, title: 'The device is not enrolled', next: 'Run zeronaut login.' },
  'access.device_pending': {
    status: 403,
    title: 'The device waits for approval',
    next: 'Ask an administrator to run zeronaut devices approve.',
  },
  'access.device_revoked': { status: 403, title: 'The device was revoked', next: 'Ask an administrator.' },
  'access.unavailable': {
    status: 503,
    title: 'Sign-in is not possible while the console is away',
    next: 'Existing sessions go on working. Try again later.',
  },
  'access.snapshot_expired': {
    status: 503,
    title: 'This gateway has not heard from its console for too long',
    next: 'It opens again by itself once it reaches the console. Whoever runs it: zeronaut gateways list, and the log of the gateway.',
  },

  // http: what the strict codec refuses
  'http.malformed': { status: 400, title: 'The request is not valid HTTP/1.1', next: '' },
  'http.ambiguous': { status: 400, title: 'The request can be read in two ways', next: '' },
  'http.head_too_large': { status: 431, title: 'The request head is too large', next: '' },
  'http.target_too_long': { status: 414, title: 'The request target is too long', next: '' },
  'http.version_unsupported': { status: 505, title: 'Only HTTP/1.1 and HTTP/1.0 are understood', next: '' },
  'http.transfer_coding_unsupported': {
    status: 501,
    title: 'Only the chunked transfer coding is understood',
    next: '',
  },
  'http.expectation_unsupported': { status: 417, title: 'Only 100-continue is understood', next: '' },
  'http.method_unsupported': { status: 501, title: 'The method is not supported', next: '' },
  'http.body_too_large': { status: 413, title: 'The request body is too large for this page', next: '' },
  'http.misdirected': { status: 421, title: 'Host and TLS server name disagree', next: '' },
  'http.timeout': { status: 408, title: 'The request did not arrive in time', next: '' },
  'http.https_required': { status: 308, title: 'Use https', next: '' },

  // router
  'router.no_resource': { status: 404, title: 'No resource has this name', next: 'Check the address.' },
  'router.port_closed': { status: 404, title: 'No resource listens on this port', next: '' },

  // balancer and targets
  'balancer.no_target': { status: 503, title: 'No target is available', next: 'The service may be restarting.' },
  'balancer.agent_away': {
    status: 503,
    title: 'The agent that publishes this service is not connected',
    next: 'Start it again on its machine.',
  },
  'target.dial_refused': {
    status: 502,
    title: 'The service refused the connection',
    next: 'It may not run: try again later, or tell whoever runs it.',
  },
  'target.dial_timeout': { status: 504, title: 'The service did not answer in time', next: '' },
  'target.reset': { status: 502, title: 'The service closed the connection before it answered', next: '' },
  'target.malformed_response': { status: 502, title: 'The service sent an invalid answer', next: '' },
  'target.response_timeout': { status: 504, title: 'The service did not answer in time', next: '' },
  'target.not_exposed': { status: 502, title: 'The agent does not expose this target', next: '' },

  // limits of the gateway itself
  'gateway.internal': {
    status: 500,
    title: 'Something failed inside the gateway',
    next: 'The request id is in the log.',
  },
  'limit.connections': { status: 503, title: 'The gateway has too many connections', next: '' },
  'limit.concurrent': { status: 503, title: 'As many as may be are here already', next: 'Try again in a moment.' },
  'limit.rate': { status: 429, title: 'Too many requests from this address', next: 'Wait a moment and try again.' },
  'limit.body_too_large': { status: 413, title: 'The request body is larger than may be sent here', next: '' },
  'limit.draining': { status: 503, title: 'The gateway is going away', next: '' },

  // forward
  'forward.no_site': {
    status: 404,
    title: 'No site reaches this destination',
    next: 'Check zeronaut services, or start an agent whose site reaches it.',
  },
  'forward.site_away': {
    status: 503,
    title: 'The site that reaches this destination is not connected',
    next: 'Start its agent again.',
  },
  'forward.denied': {
    status: 403,
    title: 'Policy does not let this user reach this destination',
    next: 'Ask for access: zeronaut requests create NAME.',
  },

  // tunnel control
  'tunnel.not_owner': { status: 403, title: 'The resource belongs to another device', next: '' },
  'tunnel.unknown_resource': { status: 404, title: 'No such resource', next: '' },

  // console api
  'api.invalid': { status: 400, title: 'The request is not valid', next: 'Correct the named fields.' },
  'api.unauthenticated': { status: 401, title: 'Sign-in is required', next: 'Run zeronaut login.' },
  'api.forbidden': { status: 403, title: 'Your role does not allow this', next: 'Ask an administrator.' },
  'api.administration_forbidden': {
    status: 403,
    title: 'A policy forbids this now',
    next: 'Do it from where the policy lets you, or ask who writes policies.',
  },
  'api.not_found': { status: 404, title: 'There is no such thing here', next: '' },
  'api.conflict': { status: 409, title: 'It already exists', next: 'Look at what is there, or choose another name.' },
  'api.name_taken': { status: 409, title: 'The name is taken', next: 'Choose another with --name.' },
  'api.port_taken': { status: 409, title: 'The port is taken', next: 'Choose another with --port.' },
  'api.no_port_free': {
    status: 409,
    title: "The gateway's port range is used up",
    next: 'Stop a service or widen the range.',
  },
  'api.no_gateway': { status: 409, title: 'There is no gateway yet', next: 'Start one with zeronaut gateway run.' },
  'api.precondition_failed': {
    status: 412,
    title: 'It was changed by somebody else meanwhile',
    next: 'Load it again and repeat the change.',
  },
  'api.precondition_required': { status: 428, title: 'If-Match is required', next: 'Send the ETag that you read.' },
  'api.too_large': { status: 413, title: 'The request body is too large', next: '' },
  'api.media_type': { status: 415, title: 'Send application/json', next: '' },
  'api.upgrade_required': {
    status: 426,
    title: 'This address speaks WebSocket',
    next: 'Connect with a WebSocket client.',
  },
  'api.rate_limited': { status: 429, title: 'Too many requests', next: 'Wait and try again.' },
  'api.token_used': { status: 410, title: 'The link or token was used already', next: 'Ask for a new one.' },
  'api.device_proof': {
    status: 401,
    title: 'This session belongs to another machine',
    next: 'Sign in on this one: zeronaut login; or set its clock, if that is wrong.',
  },
  'api.token_expired': { status: 410, title: 'The link or token has expired', next: 'Ask for a new one.' },
  'api.credentials_invalid': { status: 401, title: 'Wrong e-mail or password', next: '' },
  'api.password_wrong': { status: 403, title: 'The current password is not right', next: '' },
  'api.password_weak': { status: 400, title: 'The password is too weak', next: 'Use at least 12 characters.' },
  'api.idempotency_mismatch': {
    status: 422,
    title: 'The idempotency key was used with another body',
    next: 'Use a fresh key.',
  },
  'api.authorization_pending': { status: 400, title: 'The user has not approved yet', next: '' },
  'api.slow_down': { status: 400, title: 'Polling too fast', next: '' },
  'api.access_denied': { status: 400, title: 'The user refused', next: '' },
  'group.in_use': {
    status: 409,
    title: 'Something still names this group',
    next: 'Change what names it first; zeronaut groups show lists it.',
  },
  'role.in_use': {
    status: 409,
    title: 'The role is in use',
    next: 'Give its holders another role first: zeronaut roles show NAME says who they are.',
  },
  'api.last_owner': { status: 409, title: 'The last owner cannot be removed', next: 'Make somebody else owner first.' },
  'user.local': {
    status: 409,
    title: 'This account belongs to the machine of the console',
    next: 'It opens nothing where the local credential is not.',
  },
  'audit.subject_active': {
    status: 409,
    title: 'The account is still open',
    next: 'Disable it first: whoever is still there leaves new traces.',
  },
  'audit.inconsistent': {
    status: 409,
    title: 'The audit log is not the one that was signed',
    next: 'The database was changed past the console. Compare it with an earlier export: zeronaut audit verify.',
  },
  'api.internal': { status: 500, title: 'Something failed inside the console', next: 'The request id is in the log.' },
  'api.unavailable': { status: 503, title: 'The console cannot answer just now', next: 'Try again in a moment.' },

  'incident.ongoing': {
    status: 409,
    title: 'The incident still goes on',
    next: 'Mend what is wrong: then it closes by itself.',
  },

  // backup: a copy of the whole console
  'backup.postgres': {
    status: 409,
    title: 'This console keeps its data in PostgreSQL',
    next: 'Back the database up with pg_dump --format=custom --file=zeronaut.dump "$ZERONAUT_CONSOLE_DATABASE_URL", and copy master.key of the data directory.',
  },
  'backup.several_organizations': {
    status: 403,
    title: 'A backup would hold the data of other organizations',
    next: 'Whoever runs the console makes it on its machine: zeronaut console backup FILE.',
  },
  'backup.running': {
    status: 409,
    title: 'Another backup is being made',
    next: 'Wait until it is done.',
  },

  // outbound: what the console dials for an organization
  'outbound.url_invalid': { status: 400, title: 'The address cannot be used', next: 'Use https:// and a public name.' },
  'outbound.address_denied': {
    status: 400,
    title: 'The address is in a network that must not be dialled',
    next: 'The operator of the console can allow it with ZERONAUT_CONSOLE_OUTBOUND_ALLOW.',
  },
  'outbound.unreachable': {
    status: 502,
    title: 'The other side cannot be reached',
    next: 'Check address and certificate.',
  },
  'outbound.timeout': { status: 504, title: 'The other side did not answer in time', next: 'Try again.' },
  'outbound.redirected': {
    status: 502,
    title: 'The other side sent us elsewhere',
    next: 'Give the address that answers by itself.',
  },
  'outbound.too_large': { status: 502, title: 'The answer is too large or compressed', next: '' },
  // workload: tokens of CI and clusters that are exchanged
  'workload.untrusted': { status: 400, title: 'No trust has this id', next: 'Send the id of a trust as client_id.' },
  'workload.malformed': { status: 400, title: 'The token is no signed JWT', next: '' },
  'workload.algorithm': { status: 400, title: 'The token is not signed with an algorithm that counts', next: '' },
  'workload.signature': { status: 400, title: 'No key of the issuer made this token', next: '' },
  'workload.issuer': { status: 400, title: 'The token is of another issuer', next: '' },
  'workload.issuer_invalid': {
    status: 502,
    title: 'The issuer does not show its keys',
    next: 'Check issuer and keys.',
  },
  'workload.audience': { status: 400, title: 'The token is for somebody else', next: 'Ask for one with our audience.' },
  'workload.subject': { status: 400, title: 'The subject of the token is not trusted', next: '' },
  'workload.claim': { status: 400, title: 'The token lacks a claim that the trust asks for', next: '' },
  'workload.expired': { status: 400, title: 'The token has expired', next: 'Ask its issuer for a new one.' },
  'workload.not_yet_valid': { status: 400, title: 'The token is of the future', next: 'Compare the clocks.' },
  'workload.lifetime': { status: 400, title: 'The token lives longer than a day', next: 'Ask for a shorter one.' },
  'workload.replayed': {
    status: 400,
    title: 'The token was exchanged as often as the trust allows',
    next: 'Ask its issuer for a new one.',
  },
  'workload.scope': { status: 400, title: 'The trust does not have that scope', next: '' },
  'workload.account_disabled': { status: 400, title: 'The service account is disabled', next: '' },

  // posture: what devices say of themselves
  'posture.invalid': { status: 400, title: 'That is no posture report', next: '' },
  'posture.signature': { status: 400, title: 'The report was not signed by the key of this device', next: '' },
  'posture.date': { status: 400, title: 'The report is not of now', next: 'Compare the clocks.' },
  // machine credentials
  'api.scope_missing': {
    status: 403,
    title: 'The scopes of this credential do not allow this',
    next: 'Use a credential with the scope that is named.',
  },

  // idp: what became of a sign-in through an identity provider, and of what it sent
  'idp.not_found': { status: 404, title: 'There is no such way to sign in', next: 'Open the sign-in page again.' },
  'idp.state_invalid': {
    status: 400,
    title: 'The sign-in was not started in this browser, was used already, or took too long',
    next: 'Start again on the sign-in page.',
  },
  'idp.refused': {
    status: 403,
    title: 'The identity provider did not sign you in',
    next: 'Try again, or ask whoever runs the identity provider.',
  },
  'idp.answer_invalid': {
    status: 502,
    title: 'The answer of the identity provider is not valid',
    next: 'An administrator finds the details with zeronaut idp test and in the audit log.',
  },
  'idp.signature_invalid': { status: 400, title: 'The signature is not the one of the identity provider', next: '' },
  'idp.algorithm_refused': { status: 400, title: 'The signature uses an algorithm that is not allowed', next: '' },
  'idp.key_unknown': { status: 400, title: 'No key of the identity provider made this signature', next: '' },
  'idp.issuer_mismatch': { status: 400, title: 'It was issued by somebody else', next: '' },
  'idp.audience_mismatch': { status: 400, title: 'It was issued for somebody else', next: '' },
  'idp.nonce_mismatch': { status: 400, title: 'It does not belong to this sign-in', next: 'Start again.' },
  'idp.time_invalid': { status: 400, title: 'It is not valid now', next: 'Check the clocks of both sides.' },
  'idp.sign_in_old': {
    status: 403,
    title: 'The sign-in at the identity provider is too long ago, or it does not say when it was',
    next: 'Sign out there, then sign in again.',
  },
  'idp.replayed': { status: 400, title: 'It was used before', next: 'Start again on the sign-in page.' },
  'idp.malformed': { status: 400, title: 'It cannot be read', next: '' },
  'idp.unsigned': {
    status: 400,
    title: 'The assertion is not signed',
    next: 'Let the identity provider sign assertions.',
  },
  'idp.signature_misplaced': {
    status: 400,
    title: 'What is signed is not exactly the one assertion',
    next: '',
  },
  'idp.undecipherable': {
    status: 400,
    title: 'The assertion was not encrypted for this console',
    next: 'Give the identity provider our metadata again.',
  },
  'idp.recipient_mismatch': { status: 400, title: 'It was sent to another address', next: 'Check the ACS URL.' },
  'idp.email_missing': {
    status: 403,
    title: 'The identity provider tells no verified e-mail address',
    next: 'Let it send one, or trust what it sends in its settings here.',
  },
  'idp.email_not_owned': {
    status: 403,
    title: 'This identity provider does not vouch for that mail domain',
    next: 'An owner can add the domain to the identity provider.',
  },
  'idp.user_unknown': {
    status: 403,
    title: 'Nobody in the organization has this identity',
    next: 'Ask an administrator for an invitation.',
  },
  'idp.password_expired': {
    status: 403,
    title: 'The directory wants a new password',
    next: 'Change it where your organization changes passwords.',
  },
  'idp.domain_taken': { status: 409, title: 'The domain belongs to another identity provider', next: '' },
  'idp.domain_unproved': {
    status: 409,
    title: 'The DNS record that proves the domain was not found',
    next: 'Add the TXT record and try again; DNS may take some minutes.',
  },
  'idp.session_bound': {
    status: 403,
    title: 'This session was opened by the identity provider of one organization',
    next: 'Sign in to the other organization by itself.',
  },

  // scim: what a company's directory may not do
  'scim.not_allowed': {
    status: 403,
    title: 'This credential does not speak for the directory of that identity provider',
    next: 'Make one with zeronaut idp scim token.',
  },
  'scim.syntax_invalid': { status: 400, title: 'The body is not what SCIM says', next: '' },
  'scim.filter_invalid': { status: 400, title: 'The filter cannot be read, or is about something else', next: '' },
  'scim.path_invalid': { status: 400, title: 'The path of the change cannot be read', next: '' },
  'scim.value_invalid': { status: 400, title: 'A value is not what it should be', next: '' },
  'scim.read_only': { status: 400, title: 'This cannot be changed', next: '' },
  'scim.too_many': { status: 413, title: 'This is too much for one request', next: 'Send it in parts.' },
  'scim.taken': { status: 409, title: 'There is one already', next: '' },
  'scim.owner': {
    status: 403,
    title: 'A directory does not change owners',
    next: 'Change the owner in the console first.',
  },

  // factor: what is missing before a session opens, or a dangerous action is done
  'factor.missing': {
    status: 401,
    title: 'A second factor is needed',
    next: 'Enter the code of your authenticator app or a recovery code.',
  },
  'factor.enrolment_missing': {
    status: 401,
    title: 'Your organization asks for a second factor, and you have none yet',
    next: 'Sign in on the pages of the console, which set one up with you.',
  },
  'factor.invalid': {
    status: 401,
    title: 'The code is wrong, was used already, or is too old',
    next: 'Wait for the next code of your app, or use a recovery code.',
  },
  'factor.expired': {
    status: 401,
    title: 'It is too long ago that you showed who you are',
    next: 'Sign in again.',
  },
  'factor.pending_invalid': {
    status: 401,
    title: 'The sign-in took too long, was tried too often, or was not begun in this browser',
    next: 'Sign in again.',
  },
  'factor.session_needed': {
    status: 403,
    title: 'Only a person who is signed in can do this',
    next: 'Use a session, not an API key.',
  },
  'factor.exists': {
    status: 409,
    title: 'There is an authenticator app already',
    next: 'Remove it before you set up another.',
  },
  'factor.not_started': { status: 409, title: 'No set-up is under way', next: 'Start it again.' },

  'membership.home_only': {
    status: 403,
    title: 'This takes a session of the organization where you are at home',
    next: 'Use the session that you switched from.',
  },
  'invitation.open': {
    status: 409,
    title: 'This address has an open invitation',
    next: 'Take it back (zeronaut users uninvite ID), or replace it: the old link then opens nothing any more.',
  },
  'invitation.invalid': {
    status: 404,
    title: 'This invitation does not work',
    next: 'It was used, taken back, has expired, or is not complete. Ask for a new one.',
  },

  'factor.link_invalid': {
    status: 401,
    title: 'This link does not work',
    next: 'It works once, within ten minutes, in the browser that asked for it. Ask for a new one.',
  },

  // passkey: why one did not count
  'passkey.malformed': { status: 400, title: 'That is no passkey', next: 'Try again.' },
  'passkey.origin': { status: 401, title: 'The passkey was used on another page', next: 'Open our own page again.' },
  'passkey.rp_id': { status: 401, title: 'The passkey is for another address', next: 'Use one that was made here.' },
  'passkey.challenge': {
    status: 401,
    title: 'It took too long, or was not begun in this browser',
    next: 'Open the page again.',
  },
  'passkey.replayed': { status: 401, title: 'This answer was used already', next: 'Open the page again.' },
  'passkey.unknown': {
    status: 401,
    title: 'Nobody here has this passkey',
    next: 'It may have been removed: sign in another way and add it anew.',
  },
  'passkey.other_user': { status: 401, title: 'The passkey belongs to somebody else', next: '' },
  'passkey.user_not_verified': {
    status: 401,
    title: 'The passkey did not ask for your finger or PIN',
    next: 'Use one that does.',
  },
  'passkey.signature': { status: 401, title: 'The passkey did not make this signature', next: '' },
  'passkey.count': {
    status: 401,
    title: 'The passkey counts backwards, as if there were a copy of it',
    next: 'Sign in another way, remove it and add it anew.',
  },
  'passkey.attestation': {
    status: 400,
    title: 'The passkey brings a statement of its maker, which nobody asked for',
    next: '',
  },
  'passkey.attestation_missing': {
    status: 400,
    title: 'Your organization takes passkeys of known makers alone, and this one does not say who made it',
    next: 'Use a security key that your organization gave you.',
  },
  'passkey.attestation_invalid': { status: 400, title: "The passkey's statement of its maker does not hold", next: '' },
  'passkey.attestation_expired': {
    status: 400,
    title: "The certificate of the passkey's maker is not valid now",
    next: '',
  },
  'passkey.attestation_untrusted': {
    status: 400,
    title: 'Your organization does not know the maker of this passkey',
    next: 'Use a security key that your organization gave you.',
  },
  'passkey.attestation_model': {
    status: 400,
    title: 'Your organization does not take passkeys of this model',
    next: 'Use a security key that your organization gave you.',
  },
  'passkey.roots': {
    status: 400,
    title: 'Makers of passkeys are known by certificates, and there is none, or one that cannot be read',
    next: 'Give certificates of makers as PEM, one after the other.',
  },
  'passkey.exists': { status: 409, title: 'This passkey is known already', next: '' },
  'passkey.too_many': { status: 409, title: 'There are too many passkeys', next: 'Remove one that you no longer use.' },

  // sync
  'sync.older_version': { status: 409, title: 'The snapshot is older than the one that is running', next: '' },
  'sync.bad_signature': { status: 400, title: 'The snapshot is not signed by the console', next: '' },
  'sync.invalid': { status: 400, title: 'The message does not validate', next: '' },
  'sync.wrong_gateway': { status: 400, title: 'The snapshot is for another gateway', next: '' },

  // config file
  'config.invalid': { status: 400, title: 'The configuration file is not valid', next: '' },
} as const satisfies Record<string, { status: number; title: string; next: string }>;

export type Reason = keyof typeof REASONS;

export function isReason(value: string): value is Reason {
  return Object.hasOwn(REASONS, value);
}
