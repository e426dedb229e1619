# The bucket of one project, and who may do what in it. The rights themselves are in ../iam, where tests hold them
# against a server that enforces them; docs/permissions.md says why each is needed.

locals {
  root   = var.prefix == "" ? "" : "${var.prefix}/"
  place  = { bucket = aws_s3_bucket.this.bucket, prefix = var.prefix, root = local.root }
  frames = { bucket = aws_s3_bucket.this.bucket, prefix = "${local.root}frames", root = "${local.root}frames/" }
  source = var.frames_source == null ? null : {
    bucket = var.frames_source.bucket
    prefix = trim(var.frames_source.prefix, "/")
    root   = trim(var.frames_source.prefix, "/") == "" ? "" : "${trim(var.frames_source.prefix, "/")}/"
  }
  name = replace(trim("nightshift-${var.bucket}-${var.prefix}", "-"), "/[^a-zA-Z0-9+=,.@_-]/", "-")
}

resource "aws_s3_bucket" "this" {
  bucket = var.bucket
  tags   = var.tags
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256" # ETags stay MD5 sums, against which frames of others are checked
    }
  }
}

# What a round overwrites is HEAD and LEASE only. Versions are for mistakes of people: `nightshift gc` deletes, and an
# object that was deleted by mistake can be restored for a while.
resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket     = aws_s3_bucket.this.id
  depends_on = [aws_s3_bucket_versioning.this]

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {
      prefix = local.root
    }

    noncurrent_version_expiration {
      noncurrent_days = var.keep_versions_days
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  # The lease is renewed every half minute of a round: nobody needs its former words.
  rule {
    id     = "lease"
    status = "Enabled"

    filter {
      prefix = "${local.root}LEASE"
    }

    noncurrent_version_expiration {
      noncurrent_days = 1
    }
  }

  # Left behind only by a process that was killed while it tried the bucket.
  dynamic "rule" {
    for_each = ["probe/", ".doctor/"]

    content {
      id     = "tried-${trim(rule.value, "./")}"
      status = "Enabled"

      filter {
        prefix = "${local.root}${rule.value}"
      }

      expiration {
        days = 1
      }
    }
  }
}

resource "aws_s3_bucket_cors_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  cors_rule {
    allowed_origins = [var.label_studio_origin]
    allowed_methods = ["GET", "HEAD"]
    allowed_headers = ["*"]
    expose_headers  = ["ETag", "Content-Length"]
    max_age_seconds = 3600
  }
}

data "aws_iam_policy_document" "tls_only" {
  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket     = aws_s3_bucket.this.id
  policy     = data.aws_iam_policy_document.tls_only.json
  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_iam_policy" "night" {
  name   = "${local.name}-night"
  policy = templatefile("${path.module}/../iam/night.json", local.place)
  tags   = var.tags
}

resource "aws_iam_policy" "frames" {
  name   = "${local.name}-frames"
  policy = templatefile("${path.module}/../iam/frames.json", local.frames)
  tags   = var.tags
}

resource "aws_iam_policy" "source" {
  count  = local.source == null ? 0 : 1
  name   = "${local.name}-source"
  policy = templatefile("${path.module}/../iam/frames.json", local.source)
  tags   = var.tags
}

resource "aws_iam_policy" "keeper" {
  count  = var.keeper_assume_role_policy == null ? 0 : 1
  name   = "${local.name}-keeper"
  policy = templatefile("${path.module}/../iam/keeper.json", local.place)
  tags   = var.tags
}

resource "aws_iam_role" "night" {
  name               = "${local.name}-night"
  assume_role_policy = var.assume_role_policy
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "night" {
  role       = aws_iam_role.night.name
  policy_arn = aws_iam_policy.night.arn
}

resource "aws_iam_role_policy_attachment" "night_source" {
  count      = local.source == null ? 0 : 1
  role       = aws_iam_role.night.name
  policy_arn = aws_iam_policy.source[0].arn
}

resource "aws_iam_role" "keeper" {
  count              = var.keeper_assume_role_policy == null ? 0 : 1
  name               = "${local.name}-keeper"
  assume_role_policy = var.keeper_assume_role_policy
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "keeper_night" {
  count      = var.keeper_assume_role_policy == null ? 0 : 1
  role       = aws_iam_role.keeper[0].name
  policy_arn = aws_iam_policy.night.arn
}

resource "aws_iam_role_policy_attachment" "keeper" {
  count      = var.keeper_assume_role_policy == null ? 0 : 1
  role       = aws_iam_role.keeper[0].name
  policy_arn = aws_iam_policy.keeper[0].arn
}

# Label Studio keeps the keys with which it presigns: a user that may look at frames, and nothing else. Its access key
# is made by hand, so that it never lies in Terraform's state:
#   aws iam create-access-key --user-name <label_studio_user>
resource "aws_iam_user" "label_studio" {
  name = "${local.name}-label-studio"
  tags = var.tags
}

resource "aws_iam_user_policy_attachment" "label_studio" {
  user       = aws_iam_user.label_studio.name
  policy_arn = aws_iam_policy.frames.arn
}

resource "aws_iam_user_policy_attachment" "label_studio_source" {
  count      = local.source == null ? 0 : 1
  user       = aws_iam_user.label_studio.name
  policy_arn = aws_iam_policy.source[0].arn
}
