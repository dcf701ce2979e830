import { getOverview } from '../domains/traffic/overview.ts';
import { getTraffic, topTraffic, trafficReasons, trafficSparklines } from '../domains/traffic/traffic.ts';
import type { Handlers } from './handlers.ts';

export const trafficHandlers = {
  'overview.get': (context, { caller }) => getOverview(context, caller),
  'traffic.get': (context, { caller, query }) => getTraffic(context, caller, query),
  'traffic.top': (context, { caller, query }) => topTraffic(context, caller, query),
  'traffic.sparklines': (context, { caller, query }) => trafficSparklines(context, caller, query),
  'traffic.reasons': (context, { caller, query }) => trafficReasons(context, caller, query),
} satisfies Partial<Handlers>;
