import { createRoute } from '@tanstack/react-router';
import { listSearch } from '../../base/list-search.ts';
import { page, rootRoute } from '../../base/pages.ts';
import { reasonTexts } from '../../base/reason-texts.ts';
import { policyMessages } from './messages.ts';

const getParentRoute = () => rootRoute;

export const policyRoutes = [
  createRoute({
    getParentRoute,
    path: 'policies',
    validateSearch: listSearch('effect', 'mode'),
    component: page(() => import('./policies-page.tsx'), 'PoliciesPage', policyMessages),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/new',
    validateSearch: listSearch('gains', 'gains.sort', 'loses', 'loses.sort'),
    component: page(() => import('./new-policy-page.tsx'), 'NewPolicyPage', policyMessages, reasonTexts),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/$id',
    validateSearch: listSearch('view', 'versions', 'gains', 'gains.sort', 'loses', 'loses.sort'),
    component: page(() => import('./policy-page.tsx'), 'PolicyPage', policyMessages, reasonTexts),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/templates',
    validateSearch: listSearch('template', 'asks'),
    component: page(() => import('./templates-page.tsx'), 'TemplatesPage', policyMessages),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/simulator',
    /** The question, as `searchOf` of question.ts writes it. */
    validateSearch: listSearch(
      ...(['user', 'action', 'object', 'address', 'country', 'device', 'at', 'risk'] as const),
      ...(['factors', 'factorMinutesAgo', 'granted', 'method', 'path', 'gateway'] as const),
    ),
    component: page(() => import('./simulator-page.tsx'), 'SimulatorPage', policyMessages),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/reach',
    validateSearch: listSearch('user', 'object', 'group', 'segment', 'device', 'answer', 'kind'),
    component: page(() => import('./reach-page.tsx'), 'ReachPage', policyMessages, reasonTexts),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/reported',
    validateSearch: listSearch('policy', 'effect'),
    component: page(() => import('./reported-page.tsx'), 'ReportedPage', policyMessages),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/unused',
    validateSearch: listSearch('proposal', 'rules', 'rules.sort'),
    component: page(() => import('./unused-page.tsx'), 'UnusedPage', policyMessages),
  }),
  createRoute({
    getParentRoute,
    path: 'policies/assertions',
    validateSearch: listSearch('state', 'expect'),
    component: page(() => import('./assertions-page.tsx'), 'AssertionsPage', policyMessages, reasonTexts),
  }),
] as const;
