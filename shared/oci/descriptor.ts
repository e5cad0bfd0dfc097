// A descriptor: what a manifest says about content that lies elsewhere.
// https://github.com/opencontainers/image-spec/blob/main/descriptor.md

/** Which system an image runs on. https://github.com/opencontainers/image-spec/blob/main/image-index.md */
export type Platform = {
  os: string;
  architecture: string;
  variant?: string;
  'os.version'?: string;
  'os.features'?: string[];
};

/** Media type, digest and size (bytes) of content, with what an index or a referrers list adds. */
export type Descriptor = {
  mediaType: string;
  digest: string;
  size: number;
  urls?: string[];
  annotations?: Record<string, string>;
  /** Base64 of the content itself, where the manifest embeds it. */
  data?: string;
  artifactType?: string;
  platform?: Platform;
};
