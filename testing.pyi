from .framework.kit.conformance import (
    AttentionExplainerConformance as AttentionExplainerConformance,
    EncoderConformance as EncoderConformance,
    LatentScorerConformance as LatentScorerConformance,
    Pictures as Pictures,
    TranslatorConformance as TranslatorConformance,
    TraverserConformance as TraverserConformance,
    sample_images as sample_images,
    sample_latents as sample_latents,
)
