// The smallest program with an assertion and a cached token: TOKEN_ENDPOINT KEY_FILE PASSPHRASE.
import { memoryStore } from '@tessera/core'
import * as TokenSource from '@tessera/core/TokenSource'
import { accessToken, signer, slimEnv } from '@tessera/node/slim'
import { jwtAssertion } from '@tessera/oauth2'
import * as Client from '@tessera/oauth2/Client'
import * as ClientAuthentication from '@tessera/oauth2/ClientAuthentication'

const [tokenEndpoint = '', file = '', passphrase = ''] = process.argv.slice(2)
const assertion = jwtAssertion({
  client: Client.make({ id: 'app', authentication: ClientAuthentication.post('s3cret'), tokenEndpoint }),
  signer: signer({ key: { file }, passphrase, keyId: 'k1', onEventLoop: true }),
  subject: { sub: '42', claims: { box_sub_type: 'enterprise' } },
})
const source = TokenSource.make({ store: memoryStore() })(assertion)(slimEnv())()

process.stdout.write(await accessToken(source), () => process.exit())
