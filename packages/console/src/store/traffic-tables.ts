import type { Alarm } from '@zeronaut/model';
import type { LatencyColumn } from '../domains/traffic/latency.ts';

/** A part of the schema, apart because there is more than fits one file. */
export interface TrafficTables {
  /**
   * Access events as numbers, by minute, ten minutes and hour. `scope`: a gateway or resource, empty for the whole organization.
   * Gateways share a row with some others only, so that those that report at once rarely wait for each other.
   */
  traffic: {
    organization_id: string;
    kind: 'organization' | 'gateway' | 'resource';
    scope: string;
    /** Minutes. */
    step: number;
    /** Start of the step. */
    at: number;
    shard: number;
    requests: number;
    /** Denied, and not because something was broken. */
    refused: number;
    challenged: number;
    /** Answered with 500 and above. */
    failed: number;
    bytes_in: number;
    bytes_out: number;
  } & Record<LatencyColumn, number>;
  /** Why requests did not pass, or failed, in steps of ten minutes. `resource_id`: empty for the whole organization. */
  traffic_reasons: {
    organization_id: string;
    resource_id: string;
    at: number;
    reason: string;
    shard: number;
    count: number;
  };
  /** What each user and device did, by hour and day. `scope`: its id. Read through `activity.get`. */
  activity: {
    organization_id: string;
    scope: string;
    /** Minutes. */
    step: number;
    /** Start of the step. */
    at: number;
    requests: number;
    /** Denied, and not because something was broken. */
    refused: number;
    bytes_in: number;
    bytes_out: number;
  };
  /** The different things that each had to do with, by day (of UTC, since 1970). */
  activity_parts: {
    organization_id: string;
    scope: string;
    day: number;
    kind: 'resource' | 'address' | 'country';
    /** Id of a resource, or what the kind says. */
    value: string;
    requests: number;
    refused: number;
    last_at: number;
  };
  /** How often each policy decided, by hour and day. `reported`: it would have, were it enforced. */
  policy_hits: {
    organization_id: string;
    /** Minutes. */
    step: number;
    at: number;
    policy_id: string;
    effect: 'pass' | 'deny' | 'reported';
    shard: number;
    count: number;
    last_at: number;
  };
  incidents: {
    id: string;
    organization_id: string;
    /** Kind and object. */
    alarm_key: string;
    kind: Alarm['kind'];
    severity: Alarm['severity'];
    object_kind: Alarm['object']['kind'];
    object_id: string;
    object_name: string;
    detail: string;
    /** JSON of `alarm.said`. */
    said: string | null;
    opened_at: number;
    last_seen_at: number;
    closed_at: number | null;
    /** Null: by itself. */
    closed_by: string | null;
    count: number;
    acknowledged_at: number | null;
    acknowledged_by: string | null;
    note: string;
  };
  push_subscriptions: {
    id: string;
    organization_id: string;
    user_id: string;
    session_id: string;
    endpoint_hash: string;
    host: string;
    /** Endpoint and keys, JSON. */
    sealed: string;
    user_agent: string;
    /** What the person wants to be told, JSON list; null: as usual. */
    kinds: string | null;
    /** What it was told of, JSON. */
    told: string;
    created_at: number;
    last_delivered_at: number | null;
    failures: number;
    last_error: string | null;
    next_try_at: number;
  };
  notifications: {
    id: string;
    organization_id: string;
    name: string;
    /** As it is shown, JSON. */
    settings: string;
    /** URL of a Slack channel, or signing key of a webhook. */
    sealed_secret: string | null;
    /** JSON list. */
    kinds: string;
    version: number;
    created_at: number;
    last_delivered_at: number | null;
    failures: number;
    last_error: string | null;
    /** Also a claim: of several consoles one tells it. */
    next_try_at: number;
  };
  /** What each was told of and has not been told to be mended. */
  notified_alarms: { notification_id: string; alarm_key: string; alarm: string };
}
