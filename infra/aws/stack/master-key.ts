// The secret of which the tokens in webhook addresses are made, for configurations that name none of their own. CloudFormation makes it
// once; no template and no log has it.
import { ref, type Fragment } from './fragment.ts';
import { MASTER_KEY } from './names.ts';
import { DATA_POLICY } from './tables.ts';

const LENGTH = 64;

export const masterKey: Fragment = {
  Resources: {
    [MASTER_KEY]: {
      Type: 'AWS::SecretsManager::Secret',
      DeletionPolicy: DATA_POLICY,
      // another key makes all addresses of webhooks anew
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Description: 'Transship: of this, the tokens in webhook addresses are made',
        GenerateSecretString: { PasswordLength: LENGTH, ExcludePunctuation: true },
      },
    },
  },
  Outputs: { MasterKeyArn: { Description: 'The secret behind webhook addresses', Value: ref(MASTER_KEY) } },
};
