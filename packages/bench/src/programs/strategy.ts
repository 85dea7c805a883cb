// A strategy alone.
import { Client, clientCredentials } from '@tessera/oauth2'

export const strategy = clientCredentials({
  client: Client.make({ id: 'app', secret: 's3cret', tokenEndpoint: 'https://as.example/token' }),
})
