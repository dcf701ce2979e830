import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import type { Context } from '../context.ts';
import { hashToken } from '../random-token.ts';
import { findRelyingParty } from './relying-parties.ts';

/**
 * What the protocol has to remember, in the store. The id of a record is the code or token itself, so only its hash is a
 * column, and the rest is sealed. Relying parties are read from their own table.
 */
export class OpenidStore implements Adapter {
  readonly #model: string;
  readonly #context: Context;

  constructor(context: Context, model: string) {
    this.#context = context;
    this.#model = model;
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds: number): Promise<void> {
    const idHash = hashToken(id);
    const values = {
      grant_hash: payload.grantId === undefined ? null : hashToken(payload.grantId),
      uid: this.#model === 'Session' ? (payload.uid ?? null) : null,
      relying_party_id: payload.clientId ?? null,
      sealed: this.#context.authority.sealer.seal(this.#sealName(idHash), JSON.stringify(payload)),
      expires_at: this.#context.clock() + expiresInSeconds * 1000,
    };
    await this.#context.store.db
      .insertInto('openid_records')
      .values({
        model: this.#model,
        id_hash: idHash,
        session_id: null,
        consumed_at: null,
        sid: null,
        logout_at: null,
        logout_tries: null,
        logged_out_at: null,
        ...values,
      })
      .onConflict((conflict) => conflict.columns(['model', 'id_hash']).doUpdateSet(values))
      .execute();
    if (this.#model === 'AuthorizationCode' && payload.sid !== undefined && payload.grantId !== undefined) {
      // The name that the service knows the session by, where the end of the session will look for it.
      await this.#context.store.db
        .updateTable('openid_records')
        .set({ sid: payload.sid })
        .where('model', '=', 'Grant')
        .where('id_hash', '=', hashToken(payload.grantId))
        .execute();
    }
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    if (this.#model === 'Client') return await this.#findClient(id);
    const idHash = hashToken(id);
    const row = await this.#select().where('id_hash', '=', idHash).executeTakeFirst();
    return row === undefined ? undefined : this.#open(row);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    const row = await this.#select().where('uid', '=', uid).executeTakeFirst();
    return row === undefined ? undefined : this.#open(row);
  }

  /** The device flow of the protocol is off: `zeronaut login` has its own. */
  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  /** Of two that come with the same code or refresh token at once, the second is a replay: all that came of it ends. */
  async consume(id: string): Promise<void> {
    const idHash = hashToken(id);
    const first = await this.#context.store.db
      .updateTable('openid_records')
      .set({ consumed_at: this.#context.clock() })
      .where('model', '=', this.#model)
      .where('id_hash', '=', idHash)
      .where('consumed_at', 'is', null)
      .returning('grant_hash')
      .executeTakeFirst();
    if (first !== undefined) return;
    const payload = await this.find(id);
    if (payload?.grantId !== undefined) await this.revokeByGrantId(payload.grantId);
    throw new errors.InvalidGrant('already used');
  }

  async destroy(id: string): Promise<void> {
    await this.#context.store.db
      .deleteFrom('openid_records')
      .where('model', '=', this.#model)
      .where('id_hash', '=', hashToken(id))
      .execute();
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    const grantHash = hashToken(grantId);
    await this.#context.store.db
      .deleteFrom('openid_records')
      .where((eb) =>
        eb.or([eb('grant_hash', '=', grantHash), eb.and([eb('model', '=', 'Grant'), eb('id_hash', '=', grantHash)])]),
      )
      .execute();
  }

  #select() {
    return this.#context.store.db
      .selectFrom('openid_records')
      .select(['id_hash', 'sealed', 'consumed_at'])
      .where('model', '=', this.#model)
      .where('expires_at', '>', this.#context.clock());
  }

  #open(row: { id_hash: string; sealed: string; consumed_at: number | null }): AdapterPayload {
    const payload = JSON.parse(this.#context.authority.sealer.open(this.#sealName(row.id_hash), row.sealed));
    return row.consumed_at === null ? payload : { ...payload, consumed: Math.floor(row.consumed_at / 1000) };
  }

  #sealName(idHash: string): string {
    return `openid ${this.#model} ${idHash}`;
  }

  async #findClient(id: string): Promise<AdapterPayload | undefined> {
    const party = await findRelyingParty(this.#context, id);
    if (party === null) return undefined;
    return {
      client_id: party.id,
      client_name: party.name,
      redirect_uris: party.redirectUris,
      token_endpoint_auth_method: party.authentication,
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      ...(party.logoutUri === null
        ? {}
        : { backchannel_logout_uri: party.logoutUri, backchannel_logout_session_required: true }),
      // Compared by hash, see `openid-provider.ts`; the secret itself is nowhere.
      ...(party.secretHash === null ? {} : { client_secret: party.secretHash }),
    };
  }
}
