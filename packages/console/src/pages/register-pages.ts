import type { FastifyInstance } from 'fastify';
import type { Context } from '../domains/context.ts';
import { registerAccountPage } from './account-page.ts';
import { registerDevicePage } from './device-page.ts';
import { registerDocsPage } from './docs-page.ts';
import { registerFactorPage } from './factor-page.ts';
import { registerIdentityProviderPages } from './identity-provider-pages.ts';
import { registerInvitationPage } from './invitation-page.ts';
import { registerLanguagePage } from './language-page.ts';
import { leadToLocalhost } from './lead-to-localhost.ts';
import { registerMagicLinkPages } from './magic-link-pages.ts';
import { registerOpenidPages } from './openid-pages.ts';
import { registerOrganizationsPage } from './organizations-page.ts';
import { registerRequestsPage } from './requests-page.ts';
import { registerSetupPage } from './setup-page.ts';
import { registerSignInPage } from './sign-in-page.ts';
import { registerWebConsole, WEB_DIRECTORY } from './web-console.ts';

/** Pages that need no script (owner, sign-in, account, requests, devices, API), and the web console for everything else. */
export function registerPages(app: FastifyInstance, context: Context, webDirectory: string = WEB_DIRECTORY): void {
  leadToLocalhost(app, context);
  registerLanguagePage(app, context);
  registerSetupPage(app, context);
  registerSignInPage(app, context);
  registerFactorPage(app, context);
  registerIdentityProviderPages(app, context);
  registerOpenidPages(app, context);
  registerInvitationPage(app, context, webDirectory);
  registerMagicLinkPages(app, context);
  registerAccountPage(app, context);
  registerOrganizationsPage(app, context);
  registerRequestsPage(app, context);
  registerDevicePage(app, context);
  registerDocsPage(app, context);
  registerWebConsole(app, context, webDirectory);
}
