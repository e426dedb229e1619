"""SAM 2 and EdgeTAM video models with random weights, small, saved as their authors' files are."""

from pathlib import Path
from typing import Any

import torch
from transformers import (
    EdgeTamVideoConfig,
    EdgeTamVideoModel,
    Sam2ImageProcessor,
    Sam2VideoConfig,
    Sam2VideoModel,
    Sam2VideoProcessor,
    Sam2VideoVideoProcessor,
)

SIDE, WIDE = 64, 128  # pixels that the models see; channels: memory's 64 must be fewer
LEVELS = [[SIDE // 4, SIDE // 4], [SIDE // 8, SIDE // 8], [SIDE // 16, SIDE // 16]]
COMMON: dict[str, Any] = {
    "prompt_encoder_config": {"hidden_size": WIDE, "image_size": SIDE},
    "mask_decoder_config": {
        "hidden_size": WIDE,
        "mlp_dim": 32,
        "iou_head_hidden_dim": 32,
        "num_attention_heads": 2,
    },
    "image_size": SIDE,
    "num_maskmem": 3,
    "max_object_pointers_in_encoder": 4,
    "memory_attention_hidden_size": WIDE,
    "memory_attention_num_layers": 1,
    "memory_attention_rope_feat_sizes": [SIDE // 16, SIDE // 16],
    "memory_encoder_hidden_size": WIDE,
    "mask_downsampler_embed_dim": WIDE,
    "memory_fuser_embed_dim": WIDE,
    "memory_fuser_intermediate_dim": 32,
}


def save(family: str, folder: Path) -> Path:
    """A checkpoint of the family in a folder of that name."""
    torch.manual_seed(3)
    model = {"sam2": _sam2, "edgetam": _edgetam}[family]().eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "mask_decoder" in name or "object_score" in name:
                weight.add_(torch.randn_like(weight) * 0.05)
    size = {"height": SIDE, "width": SIDE}
    processor = Sam2VideoProcessor(Sam2ImageProcessor(size=size), Sam2VideoVideoProcessor(size=size))
    model.save_pretrained(folder / family)
    processor.save_pretrained(folder / family)
    return folder / family


def _sam2() -> Any:
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 2, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [8, 4, 4, 4],
        "global_attention_blocks": [2],
    }
    vision = _vision("sam2_vision_model", backbone, [64, 32, 16, 8])
    return Sam2VideoModel(Sam2VideoConfig(vision_config=vision, memory_attention_feed_forward_hidden_size=32, **COMMON))


def _edgetam() -> Any:
    backbone = {
        "model_type": "timm_wrapper",
        "architecture": "test_convnext",
        "num_classes": 2,
        "label_names": ["a", "b"],
        "model_args": {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]},
    }
    vision = _vision("edgetam_vision_model", backbone, [64, 48, 32, 24])
    return EdgeTamVideoModel(
        EdgeTamVideoConfig(
            vision_config=vision,
            memory_attention_mlp_hidden_size=32,
            memory_attention_rope_k_sizes=[4, 4],
            perceiver_resampler_num_latents=16,
            perceiver_resampler_num_latents_2d=16,
            **COMMON,
        )
    )


def _vision(kind: str, backbone: dict[str, Any], channels: list[int]) -> dict[str, Any]:
    return {
        "model_type": kind,
        "backbone_config": backbone,
        "backbone_channel_list": channels,
        "backbone_feature_sizes": LEVELS,
        "fpn_hidden_size": WIDE,
    }
