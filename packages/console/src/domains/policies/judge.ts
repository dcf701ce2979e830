import {
  type AccessAnswer,
  type AccessQuestionInput,
  ASSUMED_ADDRESS,
  type AssumedCircumstances,
  REASONS,
  type SnapshotPolicy,
  type SnapshotResource,
  type SnapshotSite,
  type SnapshotUser,
} from '@zeronaut/model';
import {
  ACTION_ENTITIES,
  type AccessDecision,
  type AccessFacts,
  type AccessQuestion,
  alternativesOf,
  anonymousFacts,
  areApart,
  type Circumstances,
  compileMayHold,
  type DeviceFacts,
  decideAccess,
  type Entity,
  evaluateAccess,
  explainPolicies,
  type GatewayFacts,
  type LoadedPolicy,
  loadPolicy,
  type MayHold,
  momentOf,
  objectEntity,
  PolicySet,
  turningFacts,
} from '@zeronaut/policy';
import { Refusal } from '../../store/refusal.ts';
import type { OrganizationFacts } from '../organizations/organization-facts.ts';
import { addressTaken, countryOf, countryTaken } from './country-of.ts';

/** Devices that are tried in the place of another. */
const MAX_DEVICES_TRIED = 50;
const MAX_GATEWAYS_TRIED = 50;

/**
 * Answers what a gateway would answer, from what the console knows: for simulation, assertions, replay, and who can
 * reach what. It asks the very functions that gateways ask; only where the facts come from differs.
 */
export class Judge {
  readonly facts: OrganizationFacts;
  readonly policies: PolicySet;
  /** The same as they were written, and what of them was asked whether it may hold. */
  readonly #given: ReadonlyMap<string, SnapshotPolicy>;
  readonly #mayHold = new Map<string, MayHold>();
  readonly #users = new Map<string, SnapshotUser>();
  readonly #objects = new Map<string, SnapshotResource | SnapshotSite>();
  readonly #gateways: readonly GatewayFacts[];
  readonly #risks: ReadonlyMap<string, number>;
  /** Ends (ms) of approved requests, by user and object. */
  readonly #grantEnds: ReadonlyMap<string, number>;
  readonly #nowMs: number;

  /** `policies`: those of a proposal; default: those that are in force. */
  constructor(facts: OrganizationFacts, nowMs: number, policies: readonly SnapshotPolicy[] = facts.policies) {
    this.facts = facts;
    this.#nowMs = nowMs;
    this.policies = new PolicySet(policies.map(loadPolicy));
    this.#given = new Map(policies.map((policy) => [policy.id, policy]));
    this.#gateways = facts.gateways.map(({ id, name, region, segments }) => ({
      ...{ id, name, region },
      segments: JSON.parse(segments) as string[],
    }));
    this.#risks = new Map(facts.risks.map(({ id, score }) => [id, score]));
    const ends = new Map<string, number>();
    for (const { userId, objectId, expiresAt } of facts.accessGrants) {
      const pair = `${userId} ${objectId}`;
      ends.set(pair, Math.max(ends.get(pair) ?? 0, Date.parse(expiresAt)));
    }
    this.#grantEnds = ends;
    for (const user of facts.users) {
      this.#users.set(user.id, user);
      this.#users.set(user.email, user);
    }
    for (const resource of facts.resources) this.#addObject(toObject(resource));
    for (const site of facts.sites) this.#addObject(site);
  }

  get users(): readonly SnapshotUser[] {
    return this.facts.users;
  }

  get objects(): readonly (SnapshotResource | SnapshotSite)[] {
    return [...new Set(this.#objects.values())];
  }

  get gateways(): readonly GatewayFacts[] {
    return this.#gateways;
  }

  user(idOrEmail: string): SnapshotUser | undefined {
    return this.#users.get(idOrEmail);
  }

  object(idOrName: string): SnapshotResource | SnapshotSite | undefined {
    return this.#objects.get(idOrName);
  }

  /** Whether segments alone keep some machine of the user from the site, whom its rule lets in. */
  isApartForSome(userId: string, site: SnapshotSite): boolean {
    return this.facts.devices.some((device) => device.userId === userId && areApart(device.segments, site.segments));
  }

  /** Whether a permit may come to hold for such a question, where of the moment only some facts are known. */
  mayHold(
    { id }: LoadedPolicy,
    question: JudgedQuestion,
    principal: Entity,
    isKnown: (fact: string) => boolean,
  ): boolean {
    let mayHold = this.#mayHold.get(id);
    if (mayHold === undefined) {
      mayHold = compileMayHold(this.#given.get(id)!.json);
      this.#mayHold.set(id, mayHold);
    }
    const { action, object } = question;
    const fixed = { principal, action: ACTION_ENTITIES[action], resource: objectEntity(object) };
    return mayHold({ ...fixed, ...momentOf(this.circumstances(question, '')) }, isKnown);
  }

  decide(question: JudgedQuestion): AccessDecision {
    return decideAccess(this.policies, this.#ask(question));
  }

  #ask(question: JudgedQuestion): AccessQuestion {
    const { object, action, facts } = question;
    return { object, action, facts, circumstances: (by) => this.circumstances(question, by) };
  }

  circumstances(question: JudgedQuestion, by: string): Circumstances {
    const { assumed } = question;
    const user = question.facts.personalAccessToken?.user ?? question.facts.user ?? question.facts.addressGrant?.user;
    const nowMs = assumed.at === undefined ? this.#nowMs : Date.parse(assumed.at);
    const device = this.facts.devices.find(({ id }) => id === assumed.deviceId);
    const { object } = question;
    const host = 'hosts' in object ? (object.hosts[0] ?? '') : '';
    return {
      address: question.facts.address,
      get country() {
        return assumed.country ?? countryOf(question.facts.address);
      },
      nowMs,
      timeZone: this.facts.timeZone,
      risk: assumed.risk ?? this.#risks.get(user?.id ?? '') ?? 0,
      factors: assumed.factors ?? [],
      factorsAtMs: assumed.factorMinutesAgo === undefined ? null : nowMs - assumed.factorMinutesAgo * 60_000,
      by,
      granted: assumed.granted ?? false,
      device: device === undefined ? null : this.#deviceFacts(device),
      http:
        question.action === 'forward' || ('protocol' in object && object.protocol !== 'http')
          ? null
          : {
              method: assumed.method ?? (question.action === 'write' ? 'POST' : 'GET'),
              host,
              path: assumed.path ?? '/',
            },
      destination: null,
      gateway: this.#gateway(assumed.gateway) ?? null,
    };
  }

  /** A question of people to one that can be judged. */
  prepare(input: AccessQuestionInput): JudgedQuestion | Refusal {
    const object = this.object(input.object);
    if (object === undefined || 'protocol' in object === (input.action === 'forward')) {
      const message = `no ${input.action === 'forward' ? 'site' : 'resource'} ${input.object}`;
      return new Refusal('api.not_found', { errors: [{ path: '/object', message }] });
    }
    const user = input.user === null ? null : this.user(input.user);
    if (user === undefined) {
      return new Refusal('api.not_found', { errors: [{ path: '/user', message: `no active user ${input.user}` }] });
    }
    const { at, gateway } = input.circumstances;
    if (gateway !== undefined && this.#gateway(gateway) === undefined) {
      return new Refusal('api.not_found', {
        errors: [{ path: '/circumstances/gateway', message: `no gateway ${gateway}` }],
      });
    }
    const atMs = at === undefined ? this.#nowMs : Date.parse(at);
    const assumed = {
      factors: user === null ? [] : (['password'] as const),
      factorMinutesAgo: 0,
      // What was approved opens the object as it does on gateways.
      granted: (this.#grantEnds.get(`${user?.id} ${object.id}`) ?? 0) > atMs,
      ...input.circumstances,
    };
    const anonymous = anonymousFacts(this.facts.organizationId, assumed.address ?? ASSUMED_ADDRESS);
    const facts: AccessFacts = user === null ? anonymous : { ...anonymous, user, sessionState: 'valid' };
    return { object, action: input.action, facts, assumed: { ...assumed, factors: [...assumed.factors] } };
  }

  answer(question: JudgedQuestion): AccessAnswer {
    const asked = this.#ask(question);
    const { verdict } = decideAccess(this.policies, asked);
    const { title, next } = REASONS[verdict.reason];
    const devices = this.facts.devices.slice(0, MAX_DEVICES_TRIED).map((device) => this.#deviceFacts(device));
    const { access, name } = question.object;
    const alternatives = alternativesOf(asked, {
      policies: [...this.#given.values()],
      devices,
      gateways: this.#gateways.slice(0, MAX_GATEWAYS_TRIED),
    });
    return {
      ...verdict,
      title,
      next: next.replace(/\bNAME\b/, name),
      rule: { ...evaluateAccess(access, question.facts), mode: access.mode, allow: [...access.allow] },
      policies: explainPolicies(this.policies, asked).map(({ policy, holds, decides, facts }) => {
        const { id, name, effect, mode } = policy;
        return { id, name, effect, mode, holds, decides, facts };
      }),
      address: addressTaken(question.assumed.address),
      country: countryTaken(question.assumed.country, question.facts.address),
      wouldChange: turningFacts(this.policies, asked, alternatives).map(({ with: [first, ...others], effect }) => ({
        ...{ fact: first!.fact, value: first!.value, effect },
        also: others.map(({ fact, value }) => ({ fact, value })),
      })),
    };
  }

  #deviceFacts({ id, segments = [], posture }: OrganizationFacts['devices'][number]): DeviceFacts {
    return { id, segments, risk: this.#risks.get(id) ?? 0, posture: posture ?? null };
  }

  /** By id or name; of an organization with one alone, that one. */
  #gateway(idOrName: string | undefined): GatewayFacts | undefined {
    if (idOrName === undefined) return this.#gateways.length === 1 ? this.#gateways[0] : undefined;
    return this.#gateways.find(({ id, name }) => id === idOrName || name === idOrName);
  }

  #addObject(object: SnapshotResource | SnapshotSite): void {
    this.#objects.set(object.id, object);
    // A resource and a site may have one name; the resource comes first, and the site has its id.
    if (!this.#objects.has(object.name)) this.#objects.set(object.name, object);
  }
}

export interface JudgedQuestion {
  readonly object: SnapshotResource | SnapshotSite;
  readonly action: AccessQuestionInput['action'];
  readonly facts: AccessFacts;
  readonly assumed: AssumedCircumstances;
}

function toObject(resource: OrganizationFacts['resources'][number]): SnapshotResource {
  const { id, organizationId, name, protocol, port, access, targets, proxyProtocol, deviceId, domains, segments } =
    resource;
  return {
    ...{ id, organizationId, name, protocol, port, access, targets, proxyProtocol, deviceId },
    hosts: domains,
    segments,
    shares: [],
  };
}
