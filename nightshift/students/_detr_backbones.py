"""Arguments of the backbones that several families or sizes share. Light to import; knows nothing of PyTorch."""

from collections.abc import Sequence
from typing import Any, TypedDict


class Stages(TypedDict):
    """What `hgnet_v2` is told of a size."""

    early: int
    stem: int
    outs: Sequence[int]
    blocks: Sequence[int]
    layers: int
    affine: bool


def hgnet_v2(
    early: int, stem: int, outs: Sequence[int], blocks: Sequence[int], layers: int, *, affine: bool, levels: int
) -> dict[str, Any]:
    """PaddlePaddle's HGNetV2.

    Args:
        early: channels of its first layers.
        stem: channels that the first stage gets; within the stages they double from there.
        outs: channels that each stage gives.
        blocks: of each stage.
        layers: of each block.
        affine: whether it learns a scale and an offset after each layer.
        levels: how many of the last stages are looked at.
    """
    stages = len(outs)
    return {
        "model_type": "hgnet_v2",
        "hidden_sizes": list(outs),
        "depths": [layers] * stages,
        "stem_channels": [3, early, stem],
        "stage_in_channels": [stem, *outs[:-1]],
        "stage_mid_channels": [stem * 2**i for i in range(stages)],
        "stage_out_channels": list(outs),
        "stage_num_blocks": list(blocks),
        "stage_downsample": [i > 0 for i in range(stages)],
        "stage_downsample_strides": [2] * stages,
        "stage_light_block": [i > 1 for i in range(stages)],
        "stage_kernel_size": [3 if i < 2 else 5 for i in range(stages)],  # noqa: PLR2004 - the published choice
        "stage_numb_of_layers": [layers] * stages,
        "use_learnable_affine_block": affine,
        "out_indices": list(range(stages - levels + 1, stages + 1)),
    }


B0: Stages = {
    "early": 16,
    "stem": 16,
    "outs": (64, 256, 512, 1024),
    "blocks": (1, 1, 2, 1),
    "layers": 3,
    "affine": True,
}
B2: Stages = {
    "early": 24,
    "stem": 32,
    "outs": (96, 384, 768, 1536),
    "blocks": (1, 1, 3, 1),
    "layers": 4,
    "affine": True,
}
B4: Stages = {
    "early": 32,
    "stem": 48,
    "outs": (128, 512, 1024, 2048),
    "blocks": (1, 1, 3, 1),
    "layers": 6,
    "affine": False,
}
B5: Stages = {
    "early": 32,
    "stem": 64,
    "outs": (128, 512, 1024, 2048),
    "blocks": (1, 2, 5, 2),
    "layers": 6,
    "affine": False,
}
SMALL: Stages = {
    "early": 8,
    "stem": 8,
    "outs": (32, 64, 128),
    "blocks": (1, 1, 1),
    "layers": 3,
    "affine": False,
}  # ours


def hybrid(backbone: dict[str, Any], strides: Sequence[int], width: int, **more: Any) -> dict[str, Any]:
    """What the families with RT-DETR's hybrid encoder say alike.

    Args:
        backbone: its arguments.
        strides: of the feature maps.
        width: channels of encoder and decoder.
        more: arguments of the family's own, or in place of these.
    """
    levels = len(strides)
    return {
        "backbone_config": backbone,
        "freeze_backbone_batch_norms": False,  # training from scratch needs them to move
        "encoder_in_channels": [backbone["hidden_sizes"][i] for i in range(-levels, 0)],
        "feat_strides": list(strides),
        "encode_proj_layers": [levels - 1],
        "num_feature_levels": levels,
        "decoder_in_channels": [width] * levels,
        "encoder_hidden_dim": width,
        "d_model": width,
        "num_queries": 300,
        **more,
    }


TINY = {  # of encoder and decoder, for small machines; ours
    "num_queries": 60,
    "num_denoising": 40,
    "encoder_ffn_dim": 128,
    "decoder_ffn_dim": 128,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "decoder_layers": 2,
}
