import { GROUP_SCHEMA, MAX_COUNT, USER_SCHEMA } from './scim-resource.ts';

/** What a directory may ask before it begins (RFC 7643, 5 to 7): which parts of SCIM there are, and which attributes. */
export function serviceProviderConfig(baseUrl: string) {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_COUNT },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'API key',
        description: 'An API key with the scope scim:write, in Authorization: Bearer',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

export function resourceTypes(baseUrl: string) {
  const type = (name: string, schema: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema,
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  });
  return [type('User', USER_SCHEMA), type('Group', GROUP_SCHEMA)];
}

type Mutability = 'readWrite' | 'readOnly' | 'immutable';

interface Attribute {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'complex' | 'reference';
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: Mutability;
  readonly returned: 'default';
  readonly uniqueness: 'none' | 'server';
  readonly subAttributes?: readonly Attribute[];
}

function attribute(
  name: string,
  more: Partial<Attribute> & { readonly subAttributes?: readonly Attribute[] } = {},
): Attribute {
  return {
    name,
    type: more.subAttributes === undefined ? 'string' : 'complex',
    multiValued: false,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...more,
  };
}

export function schemas(baseUrl: string) {
  const schema = (id: string, name: string, attributes: readonly Attribute[]) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    attributes,
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` },
  });
  const readOnly = { mutability: 'readOnly' } as const;
  const reference = (kind: 'readOnly' | 'immutable') => [
    attribute('value', { mutability: kind, caseExact: true }),
    attribute('display', readOnly),
    attribute('$ref', { type: 'reference', mutability: kind, caseExact: true }),
    attribute('type', { mutability: kind }),
  ];
  return [
    schema(USER_SCHEMA, 'User', [
      attribute('userName', { required: true, uniqueness: 'server' }),
      attribute('name', {
        subAttributes: [attribute('formatted'), attribute('givenName'), attribute('familyName')],
      }),
      attribute('displayName'),
      attribute('emails', {
        ...readOnly,
        multiValued: true,
        subAttributes: [
          attribute('value', readOnly),
          attribute('type', readOnly),
          attribute('primary', { type: 'boolean', ...readOnly }),
        ],
      }),
      attribute('active', { type: 'boolean' }),
      attribute('groups', { ...readOnly, multiValued: true, subAttributes: reference('readOnly') }),
    ]),
    schema(GROUP_SCHEMA, 'Group', [
      attribute('displayName', { required: true, uniqueness: 'server' }),
      attribute('members', { multiValued: true, subAttributes: reference('immutable') }),
    ]),
  ];
}
