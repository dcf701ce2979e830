import type { FastifyInstance } from 'fastify';
import type { Context } from '../domains/context.ts';
import { registerAccountPage } from './account-page.ts';
import { registerDevicePage } from './device-page.ts';
import { registerDocsPage } from './docs-page.ts';
import { registerFactorPage } from './factor-page.ts';
import { registerIdentityProviderPages } from './identity-provider-pages.ts';
import { registerInvitationPage } from './invitation-page.ts';
import { registerMagicLinkPages } from './magic-link-pages.ts';
import { registerNotFoundPage } from './not-found-page.ts';
import { registerOpenidPages } from './openid-pages.ts';
import { registerRequestsPage } from './requests-page.ts';
import { registerServicesPage } from './services-page.ts';
import { registerSetupPage } from './setup-page.ts';
import { registerSignInPage } from './sign-in-page.ts';

/** The minimal pages: first owner, sign-in, services, devices, API. The web console will take their place. */
export function registerPages(app: FastifyInstance, context: Context): void {
  registerSetupPage(app, context);
  registerSignInPage(app, context);
  registerFactorPage(app, context);
  registerIdentityProviderPages(app, context);
  registerOpenidPages(app, context);
  registerInvitationPage(app, context);
  registerMagicLinkPages(app, context);
  registerAccountPage(app, context);
  registerServicesPage(app, context);
  registerRequestsPage(app, context);
  registerDevicePage(app, context);
  registerDocsPage(app, context);
  registerNotFoundPage(app);
}
