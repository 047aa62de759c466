// npm's oidc-provider with one client, whose tokens are signed for one resource. PORT, LIFE and AUDIENCE come by environment.
import { generateKeyPairSync } from 'node:crypto';
import { Provider, errors } from 'oidc-provider';

const { PORT, LIFE, AUDIENCE } = process.env;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
let issued = 0;

const provider = new Provider(`http://localhost:${PORT}`, {
  clients: [{
    client_id: 'spark',
    client_secret: 'spark-secret-0123456789abcdef0123456789abcdef+/=',
    token_endpoint_auth_method: 'client_secret_basic',
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: 'system',
  }],
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'one' }] },
  scopes: ['system'],
  ttl: { ClientCredentials: Number(LIFE) },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    // Without a resource server its tokens would be opaque.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => AUDIENCE,
      getResourceServerInfo: (context, resource) => {
        if (resource !== AUDIENCE) throw new errors.InvalidTarget();
        return { scope: 'system', audience: AUDIENCE, accessTokenFormat: 'jwt', accessTokenTTL: Number(LIFE),
          jwt: { sign: { alg: 'RS256' } } };
      },
    },
  },
});
provider.on('client_credentials.issued', () => { issued += 1; });
provider.use(async (context, next) => {
  if (context.path === '/issued') context.body = { issued };
  else await next();
});
provider.listen(Number(PORT), '127.0.0.1');
