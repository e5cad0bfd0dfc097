// The body of a declaration: a grant in the words of the configuration.
import { grant } from '../../../shared/config/schema/grant.ts';

export const grantOrder = grant.meta({ id: 'GrantDeclaration' });
