import type { IdentityProvider, IdentityProviderInput } from '@zeronaut/model';
import type { Base } from '../../ui/form.tsx';

/** What a form about a provider that is there begins with. */
export function baseOf(provider: IdentityProvider): Base<IdentityProviderInput> {
  const { name, displayName, enabled, position, settings, createUsers, defaultRole, groupMappings, version } = provider;
  return {
    // Without a secret: what is kept stays.
    values: { name, displayName, enabled, position, settings, createUsers, defaultRole, groupMappings },
    version,
  };
}
