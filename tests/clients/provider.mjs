// Runs a real identity provider (oidc-provider, certified by the OpenID Foundation) on this machine that accepts any user.
// Usage: node provider.mjs FOLDER-WITH-MODULES PORT CALLBACK
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, port, callback] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${resolve(modules)}/`));
const { default: Provider } = await import(pathToFileURL(require.resolve("oidc-provider")).href);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: "registry", client_secret: "a secret/with:signs", redirect_uris: [callback] }],
  pkce: { required: () => true },
  features: { devInteractions: { enabled: true } },
  claims: { openid: ["sub"], profile: ["preferred_username"] },
  // The ID token contains the claims, so the registry needs no userinfo request.
  conformIdTokenClaims: false,
  findAccount: async (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, preferred_username: `${id}@example.org` }) }),
});
provider.listen(Number(port), "127.0.0.1");
