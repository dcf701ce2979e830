/**
 * Runs on our pages under their nonce. A form with `data-passkey` is shown where the browser knows passkeys; sending it asks
 * for one and puts what the browser answers into the field `credential`. There is nothing of a user in this text.
 */
export const PASSKEY_SCRIPT = `(() => {
  const known = window.PublicKeyCredential;
  if (!known || !known.parseRequestOptionsFromJSON || !known.parseCreationOptionsFromJSON) return;
  const words = {
    NotAllowedError: 'No passkey was used. Try again when you are ready.',
    InvalidStateError: 'This device has a passkey for this account already.',
    SecurityError: 'Passkeys belong to a name. Open the page under its own, not under an address.',
  };
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
        status.textContent = words[error.name] || 'The passkey could not be used.';
        const there = new URL(location.href);
        if (error.name !== 'SecurityError' || !/^(127([.][0-9]+){3}|[[]::1[]])$/.test(there.hostname)) return;
        there.hostname = 'localhost';
        const link = document.createElement('a');
        link.href = there.href;
        link.textContent = 'Open this page at localhost';
        status.append(' ', link);
      }
    });
  }
})()`;
