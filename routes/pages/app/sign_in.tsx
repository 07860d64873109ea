/**
 * Signing in with a key, which is exchanged for a session and forgotten.
 *
 * @module
 */
import type { VNode } from "preact";
import { useSignal } from "@preact/signals";
import { Gate } from "./gates.tsx";
import { signIn } from "./page.ts";

/** The form. */
export function SignIn(
  { fault, hint }: { readonly fault: string | undefined; readonly hint: string | undefined },
): VNode {
  const busy = useSignal(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const field = form.elements.namedItem("key") as HTMLInputElement;
    const key = field.value;
    if (key.trim() === "") return field.focus();
    busy.value = true;
    await signIn({ key });
    busy.value = false;
    field.value = "";
    field.focus();
  };
  return (
    <Gate title="Sign in">
      {hint !== undefined && <p class="hint">{hint}</p>}
      <form onSubmit={submit}>
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          autofocus
          required
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : "fault"}
        />
        {fault !== undefined && <p id="fault" class="fault" role="alert">{fault}</p>}
        <button class="primary" type="submit" disabled={busy.value}>
          {busy.value ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <p class="muted">
        The key is exchanged for a session of this browser and not kept. Keys are made with{" "}
        <code>keys create</code>; <code>deno task demo</code> prints a link that signs in by itself.
      </p>
    </Gate>
  );
}
