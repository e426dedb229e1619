variable "bucket" {
  description = "Name of the bucket; it is made here."
  type        = string
}

variable "prefix" {
  description = "Where the project lies in it: the path of store.uri, without slashes at its ends. May be empty."
  type        = string
  default     = ""

  validation {
    condition     = var.prefix == trim(var.prefix, "/")
    error_message = "Write the prefix without slashes at its ends."
  }
}

variable "label_studio_origin" {
  description = "Scheme, host and port of Label Studio's pages, such as https://label.example.com."
  type        = string
}

variable "frames_source" {
  description = "Bucket and prefix of frames.source where that is an s3:// address outside the project; else null."
  type        = object({ bucket = string, prefix = string })
  default     = null
}

variable "assume_role_policy" {
  description = "JSON: who may take the night's role (an instance profile, EKS, GitHub Actions, a person)."
  type        = string
}

variable "keeper_assume_role_policy" {
  description = "JSON: who may take the role that also deletes, for `nightshift gc`. Null: nobody."
  type        = string
  default     = null
}

variable "keep_versions_days" {
  description = "How long overwritten and deleted objects can be restored."
  type        = number
  default     = 30
}

variable "tags" {
  description = "On everything that is made."
  type        = map(string)
  default     = {}
}
