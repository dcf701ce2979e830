/**
 * What policies can speak of, as a Cedar schema (https://docs.cedarpolicy.com/schema/human-readable-schema.html). Every
 * policy is checked against it before it is saved, so that one which can never match, or errs, is refused with the reason.
 * `entities.ts` and `circumstances.ts` make exactly what is written here; docs/policies.md explains it to people.
 */
export const POLICY_SCHEMA = `entity Role;
entity Group;
entity Segment;

// People of the organization.
entity User in [Group, Role] = { email: String, name: String };
// Programs of the organization.
entity ServiceAccount in [Group, Role] = { email: String, name: String };
// Who came in without being a user: kind is basic, share, token, address or anonymous.
entity Guest = { kind: String, name: String };

// What people access over HTTP, TCP and UDP.
entity Resource in [Segment] = { name: String, protocol: String, public: Bool, segments: Set<String> };
// Networks that people forward into.
entity Site in [Segment] = { name: String, segments: Set<String> };
// What administrators work with: API and pages.
entity Console in [Segment] = { name: String, segments: Set<String> };

// Where a request comes in.
entity Gateway in [Segment] = { id: String, name: String, region: String, segments: Set<String> };

// What people forward from, and agents run on.
entity Device in [Segment] = {
  id: String,
  segments: Set<String>,
  risk: Long,
  platform?: String,
  os?: String,
  osVersion?: String,
  diskEncryption?: Bool,
  firewall?: Bool,
  screenLock?: Bool,
  processes: Set<String>,
  files: Set<String>,
  reportedMinutesAgo?: Long,
};

type Circumstances = {
  address: ipaddr,
  // Two capital letters (ISO 3166-1); absent: unknown, as of private addresses.
  country?: String,
  now: datetime,
  time: { weekday: Long, hour: Long, minute: Long },
  risk: Long,
  factors: Set<String>,
  factorMinutesAgo?: Long,
  by: String,
  granted: Bool,
  device?: Device,
  http?: { method: String, host: String, path: String },
  destination?: { host: String, port: Long },
  // Absent: no gateway is asked, or one that does not know its own name.
  gateway?: Gateway,
};

action access;
action read, write, connect in [access] appliesTo {
  principal: [User, ServiceAccount, Guest],
  resource: [Resource],
  context: Circumstances,
};
action forward in [access] appliesTo {
  principal: [User, ServiceAccount, Guest],
  resource: [Site],
  context: Circumstances,
};
// What members of the organization may not do. Roles let people in; a forbid that names this action keeps them out.
action administer appliesTo {
  principal: [User, ServiceAccount],
  resource: [Console],
  context: Circumstances,
};
`;

/** What somebody wants to do with a resource or a site. */
export const ACTIONS = ['read', 'write', 'connect', 'forward'] as const;
export type PolicyAction = (typeof ACTIONS)[number];

/** Methods that change nothing (RFC 9110, 9.2.1). */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** A request that leads to a two-way stream (WebSocket) is a connection, whatever its method says. */
export function httpAction(method: string, upgrade: boolean): PolicyAction {
  return upgrade ? 'connect' : SAFE_METHODS.has(method) ? 'read' : 'write';
}
