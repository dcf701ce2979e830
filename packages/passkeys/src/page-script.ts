import type { Language } from '@zeronaut/model';

interface Words {
  readonly NotAllowedError: string;
  readonly InvalidStateError: string;
  readonly SecurityError: string;
  readonly other: string;
  readonly localhost: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    NotAllowedError: 'No passkey was used. Try again when you are ready.',
    InvalidStateError: 'This device has a passkey for this account already.',
    SecurityError: 'Passkeys belong to a name. Open the page under its own, not under an address.',
    other: 'The passkey could not be used.',
    localhost: 'Open this page at localhost',
  },
  de: {
    NotAllowedError: 'Es wurde kein Passkey benutzt. Versuche es nochmals, wenn du so weit bist.',
    InvalidStateError: 'Dieses Gerät hat schon einen Passkey für dieses Konto.',
    SecurityError: 'Passkeys gehören zu einem Namen. Öffne die Seite unter ihrem eigenen, nicht unter einer Adresse.',
    other: 'Der Passkey konnte nicht benutzt werden.',
    localhost: 'Diese Seite bei localhost öffnen',
  },
};

/**
 * Runs on our pages under their nonce. A form with `data-passkey` is shown where the browser knows passkeys; sending it asks
 * for one and puts what the browser answers into the field `credential`. There is nothing of a user in this text.
 */
export const PASSKEY_SCRIPTS: Readonly<Record<Language, string>> = { en: script(WORDS.en), de: script(WORDS.de) };

function script(words: Words): string {
  return `(() => {
  const known = window.PublicKeyCredential;
  if (!known || !known.parseRequestOptionsFromJSON || !known.parseCreationOptionsFromJSON) return;
  const words = ${JSON.stringify(words)};
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const status = form.querySelector('[role=status]');
      status.textContent = '';
      try {
        const options = JSON.parse(form.dataset.options);
        const credential =
          form.dataset.passkey === 'create'
            ? await navigator.credentials.create({ publicKey: known.parseCreationOptionsFromJSON(options) })
            : await navigator.credentials.get({ publicKey: known.parseRequestOptionsFromJSON(options) });
        form.elements.credential.value = JSON.stringify(credential.toJSON());
        form.submit();
      } catch (error) {
        status.textContent = Object.hasOwn(words, error.name) ? words[error.name] : words.other;
        const there = new URL(location.href);
        if (error.name !== 'SecurityError' || !/^(127([.][0-9]+){3}|[[]::1[]])$/.test(there.hostname)) return;
        there.hostname = 'localhost';
        const link = document.createElement('a');
        link.href = there.href;
        link.textContent = words.localhost;
        status.append(' ', link);
      }
    });
  }
})()`;
}
