/** OpenSSL inside the Node binary, through koffi: pointers are plain numbers, so a call allocates nothing. */
import koffi from 'koffi';

const library = koffi.load(null);

type Call<Parameters extends readonly number[]> = (...parameters: Parameters) => number;

export const EVP_CTRL_AEAD_GET_TAG = 0x10;
export const EVP_CTRL_AEAD_SET_TAG = 0x11;

interface EvpCalls {
  readonly create: Call<[]>;
  readonly free: Call<[context: number]>;
  readonly cipher: Call<[]>;
  readonly init: Call<[context: number, cipher: number, engine: number, key: number, nonce: number, encrypt: number]>;
  readonly update: Call<[context: number, out: number, outLength: number, input: number, length: number]>;
  readonly final: Call<[context: number, out: number, outLength: number]>;
  readonly control: Call<[context: number, kind: number, argument: number, pointer: number]>;
}

let evp: EvpCalls | undefined;

export function loadEvp(): EvpCalls {
  evp ??= {
    create: library.func('EVP_CIPHER_CTX_new', 'uintptr_t', []),
    free: library.func('EVP_CIPHER_CTX_free', 'void', ['uintptr_t']),
    cipher: library.func('EVP_chacha20_poly1305', 'uintptr_t', []),
    init: library.func('EVP_CipherInit_ex', 'int', [...Array<string>(5).fill('uintptr_t'), 'int']),
    update: library.func('EVP_CipherUpdate', 'int', [...Array<string>(4).fill('uintptr_t'), 'int']),
    final: library.func('EVP_CipherFinal_ex', 'int', ['uintptr_t', 'uintptr_t', 'uintptr_t']),
    control: library.func('EVP_CIPHER_CTX_ctrl', 'int', ['uintptr_t', 'int', 'int', 'uintptr_t']),
  };
  return evp;
}

interface RawCalls {
  readonly chacha: Call<[out: number, input: number, length: number, key: number, counter: number]>;
  readonly polyStateBytes: number;
  readonly polyInit: Call<[state: number, key: number]>;
  readonly polyUpdate: Call<[state: number, input: number, length: number]>;
  readonly polyFinal: Call<[state: number, tag: number]>;
}

/** The functions under EVP; undefined where this binary does not export them. */
export function loadRaw(): RawCalls | undefined {
  try {
    const stateBytes = library.func('Poly1305_ctx_size', 'size_t', []) as () => number;
    return {
      chacha: library.func('ChaCha20_ctr32', 'void', ['uintptr_t', 'uintptr_t', 'size_t', 'uintptr_t', 'uintptr_t']),
      polyStateBytes: Number(stateBytes()),
      polyInit: library.func('Poly1305_Init', 'void', ['uintptr_t', 'uintptr_t']),
      polyUpdate: library.func('Poly1305_Update', 'void', ['uintptr_t', 'uintptr_t', 'size_t']),
      polyFinal: library.func('Poly1305_Final', 'void', ['uintptr_t', 'uintptr_t']),
    };
  } catch {
    // Not exported: that is an answer, and EVP is there.
    return undefined;
  }
}
