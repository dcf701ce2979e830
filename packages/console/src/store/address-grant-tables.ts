/** A part of the schema: addresses that people authorised for raw ports. */
export interface AddressGrantTables {
  /** As gateways tell of them. */
  address_grants: {
    organization_id: string;
    id: string;
    gateway_id: string;
    user_id: string;
    resource_id: string;
    session_id: string;
    address: string;
    created_at: number;
    expires_at: number;
    received_at: number;
    /** By word of the gateway. */
    ended_at: number | null;
    /** At the console, of which the gateway is told in its snapshot. */
    revoked_at: number | null;
  };
}
