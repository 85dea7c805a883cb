// A strategy alone.
import { clientCredentials } from '@tessera/oauth2'
import * as Client from '@tessera/oauth2/Client'

export const strategy = clientCredentials({
  client: Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' }),
})
