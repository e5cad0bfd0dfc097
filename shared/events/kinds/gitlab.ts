// GitLab's own registry sends what distribution sends, through a hook of the whole instance (gitlab.rb, not a project's webhook).
// https://docs.gitlab.com/administration/packages/container_registry/#configure-container-registry-notifications
import type { PushSource } from '../push-source.ts';
import { distribution } from './distribution.ts';

export const gitlab: PushSource = { ...distribution, sampleHost: 'registry.gitlab.example.com' };
